/**
 * One mesh, its anchor and its Redis, on which control planes start and die, with a ledger of every tree head that its
 * log key ever signed or that was sent to Redis.
 */
import type { Redis } from "@upstash/redis";
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Authority } from "../../../control-plane/deployment/authority.ts";
import { createEngine, type Engine } from "../../../control-plane/engine/engine.ts";
import type { Anchor } from "../../../control-plane/publisher/anchor.ts";
import { createPublisher } from "../../../control-plane/publisher/publisher.ts";
import { openSqliteAnchor } from "../../../control-plane/publisher/sqlite-anchor.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { parseHead } from "../../../shared/store/head.ts";
import { publicKeys } from "../../../shared/store/keys.ts";
import { parseCheckpoint } from "../../../shared/trust/checkpoint.ts";
import { detailDigest } from "../../../shared/trust/detail.ts";
import { parseStatement, type Statement } from "../../../shared/trust/statement.ts";
import { mth } from "../../reference/merkle.ts";
import { createAuthority, newMesh } from "../engine/test-authority.ts";
import { createSteps, steppedAnchor, steppedRedis, type Steps } from "./steps.ts";

/** Unix seconds; the clock of every control plane here. */
export const now = 1_800_000_000;

export interface StoredLog {
  readonly head: string | null;
  readonly statements: readonly Statement[];
}

export interface MeshUnderTest {
  readonly mesh: MeshId;
  readonly authority: Authority;
  readonly anchor: Anchor;
  readonly redis: Redis;
  /** A control plane that starts on what the others left. */
  readonly start: (with_?: { readonly steps?: Steps; readonly anchor?: Anchor; readonly redis?: Redis }) => Engine;
  /** What Redis holds; fails where head, leaves and statements are not one and the same log. */
  readonly stored: () => Promise<StoredLog>;
  /** How often the log holds the release with this message. */
  readonly occurrences: (message: string) => Promise<number>;
  /** Fails where two roots were signed at one size. */
  readonly expectOneHistory: () => void;
  readonly signedSizes: () => number;
  /** A copy of the anchor as it was when the log had so many releases. */
  readonly anchorAt: (size: number) => Promise<Anchor>;
}

export const actor = "ada";

export function createMeshUnderTest(redis: Redis, anchor: Anchor = openSqliteAnchor(":memory:")): MeshUnderTest {
  const mesh = newMesh();
  const keys = publicKeys(mesh);
  const roots = new Map<number, Set<string>>();
  const record = (checkpointText: string): void => {
    const checkpoint = parseCheckpoint(checkpointText);
    if (!checkpoint.ok) throw new Error(`not a checkpoint: ${checkpointText}`);
    const { size, root } = checkpoint.value;
    roots.set(size, (roots.get(size) ?? new Set()).add(toBase64(root)));
  };
  const made = createAuthority(mesh);
  const { log } = made.keys;
  const recording = {
    ...log,
    signNote(text: string) {
      record(text);
      return log.signNote(text);
    },
  };
  const authority: Authority = { ...made, keys: { ...made.keys, log: recording } };

  const seen = (command: string, args: readonly unknown[]): void => {
    const head =
      command === "eval" ? (args[2] as string[])[2] : command === "set" && args[0] === keys.head ? args[1] : undefined;
    if (typeof head === "string") record(textOf(head));
  };

  const test: MeshUnderTest = {
    mesh,
    authority,
    anchor,
    redis,
    start({ steps = createSteps(), anchor: startAnchor = anchor, redis: startRedis = redis } = {}) {
      const usedAnchor = steppedAnchor(startAnchor, steps);
      const usedRedis = steppedRedis(startRedis, steps, seen);
      return createEngine({
        authorities: new Map([[mesh, authority]]),
        anchor: usedAnchor,
        publisher: createPublisher(usedRedis, usedAnchor, () => [authority.policy]),
        clock: () => now,
        randomSeed: () => Uint8Array.from(randomBytes(32)),
      });
    },
    async stored() {
      const [head, leaves, statements] = await Promise.all([
        redis.get<string>(keys.head),
        redis.lrange(keys.leaves, 0, -1),
        redis.lrange(keys.statements, 0, -1),
      ]);
      expect(leaves).toEqual(statements.map((text) => toBase64(leafHash(utf8(text)))));
      if (head === null) expect(statements).toEqual([]);
      else expectHeadOf(head, statements);
      return { head, statements: statements.map(statementOf) };
    },
    async occurrences(message) {
      const digest = detailDigest({ actor, message });
      const { statements } = await test.stored();
      return statements.filter(({ detailDigest: found }) => found === digest).length;
    },
    expectOneHistory() {
      expect([...roots].filter(([, found]) => found.size !== 1)).toEqual([]);
    },
    signedSizes: () => roots.size,
    async anchorAt(size) {
      const copy = openSqliteAnchor(":memory:");
      const blobs = new Map<string, string>();
      for await (const [key, value] of anchor.blobs(mesh)) blobs.set(key, value);
      const releases = await anchor.releases(mesh, 0, size);
      for (const [i, release] of releases.entries()) await copy.append(mesh, releases[i - 1], () => release, blobs);
      await copy.markPublished(mesh, size);
      return copy;
    },
  };
  return test;
}

function expectHeadOf(headText: string, statements: readonly string[]): void {
  const head = parseHead(headText);
  if (!head.ok) throw new Error(`a head that is ${head.error}`);
  const checkpoint = parseCheckpoint(textOf(headText));
  const root = toBase64(mth(statements.map(utf8)));
  expect(checkpoint.ok && { size: checkpoint.value.size, root: toBase64(checkpoint.value.root) }).toEqual({
    size: statements.length,
    root,
  });
  expect(head.value.statement).toBe(statements.at(-1));
  expect(statements.map((text) => statementOf(text).release)).toEqual(statements.map((_, i) => i));
}

/** The checkpoint's text in a head. */
function textOf(headText: string): string {
  const head = parseHead(headText);
  if (!head.ok) throw new Error(`a head that is ${head.error}`);
  return head.value.checkpoint.slice(0, head.value.checkpoint.lastIndexOf("\n\n") + 1);
}

export function statementOf(text: string): Statement {
  const statement = parseStatement(text);
  if (!statement.ok) throw new Error(`a statement that is ${statement.error}`);
  return statement.value;
}
