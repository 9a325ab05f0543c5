/**
 * Faults at every step of a control plane: each command to Redis and each use of the anchor is one. A step may be lost
 * (it never happened), unanswered (it happened, and is reported as failed), or the last one, after which the process is killed.
 */
import type { Redis } from "@upstash/redis";
import { AnchorError, type Anchor } from "../../../control-plane/publisher/anchor.ts";

export const faultKinds = ["lost", "unanswered", "the last one"] as const;

export interface Fault {
  /** From 1. */
  readonly at: number;
  readonly kind: (typeof faultKinds)[number];
}

export interface Steps {
  readonly run: <T>(name: string, work: () => Promise<T>, failure: () => Error) => Promise<T>;
  /** Names of the steps so far. */
  readonly names: readonly string[];
  /** Resolves when the process is killed. */
  readonly killed: Promise<"killed">;
}

const never = new Promise<never>(() => {});

export function createSteps(fault?: Fault): Steps {
  const names: string[] = [];
  let dead = false;
  const { promise: killed, resolve: die } = Promise.withResolvers<"killed">();
  const kill = (): Promise<never> => {
    dead = true;
    die("killed");
    return never;
  };
  return {
    names,
    killed,
    async run(name, work, failure) {
      if (dead) return never;
      names.push(name);
      const kind = names.length === fault?.at ? fault.kind : undefined;
      if (kind === "lost") throw failure();
      const result = await work();
      if (kind === "unanswered") throw failure();
      if (kind === "the last one") return kill();
      return dead ? never : result;
    },
  };
}

const redisFailure = (): Error => new Error("the answer of Redis was lost");
const anchorFailure = (): Error => new AnchorError("anchor_unavailable", "the disk is full");

type Call = (...args: unknown[]) => unknown;

/** The client, each request of which is a step. @param seen is shown every command that is sent, also those that are lost */
export function steppedRedis(
  redis: Redis,
  steps: Steps,
  seen: (command: string, args: readonly unknown[]) => void,
): Redis {
  const wrap = (target: object, execOnly: boolean): unknown =>
    new Proxy(target, {
      get(inner, name) {
        const member: unknown = Reflect.get(inner, name);
        if (typeof name !== "string" || typeof member !== "function") return member;
        const call = (...args: unknown[]): unknown => (member as Call).apply(inner, args);
        if (name === "multi") return () => wrap(call() as object, true);
        if (execOnly && name !== "exec") return (...args: unknown[]) => wrap(call(...args) as object, true);
        return (...args: unknown[]) => {
          seen(name, args);
          return steps.run(`redis ${name}`, async () => call(...args), redisFailure);
        };
      },
    });
  return wrap(redis, false) as Redis;
}

export function steppedAnchor(anchor: Anchor, steps: Steps): Anchor {
  const run = <T>(name: string, work: () => Promise<T>): Promise<T> => steps.run(`anchor ${name}`, work, anchorFailure);
  return {
    newest: (mesh) => run("newest", () => anchor.newest(mesh)),
    releases: (mesh, from, to) => run("releases", () => anchor.releases(mesh, from, to)),
    append: (mesh, before, sign, blobs) => run("append", () => anchor.append(mesh, before, sign, blobs)),
    markPublished: (mesh, size) => run("markPublished", () => anchor.markPublished(mesh, size)),
    blob: (mesh, key) => run("blob", () => anchor.blob(mesh, key)),
    async *blobs(mesh) {
      for await (const item of anchor.blobs(mesh)) yield await run("blobs", async () => item);
    },
    close: () => anchor.close(),
  };
}
