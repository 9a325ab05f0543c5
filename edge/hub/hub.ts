/**
 * The hub: one Durable Object a mesh. It remembers the newest checkpoint that any edge was shown, so that no two isolates
 * can be led down different logs; it keeps a verified copy for isolates that start while Redis is away; and it tells
 * isolates of a new head in milliseconds. It is told by whoever likes: a head authenticates itself.
 */
import { DurableObject } from "cloudflare:workers";
import deploymentJson from "#deployment";
import { accept } from "../../shared/acceptance/accept.ts";
import type { VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import { limits } from "../../shared/limits.ts";
import { parseHead } from "../../shared/store/head.ts";
import { parseCheckpoint } from "../../shared/trust/checkpoint.ts";
import { parseDeploymentPolicy, type MeshPins } from "../../shared/trust/deployment-policy.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import type { Env } from "../env.ts";
import { connect, storeOf, type Store } from "../source/store.ts";
import { openKept, type Kept } from "./kept.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";

/** What became of a head that the hub was told of. */
export type Told =
  /** It is the newest now, and every isolate that listens has been told. */
  | { readonly outcome: "accepted"; readonly release: number }
  /** Not newer than the watermark; no signature was looked at. */
  | { readonly outcome: "known"; readonly release: number }
  | { readonly outcome: "refused"; readonly code: string; readonly message: string }
  | { readonly outcome: "busy" };

/** What the hub is told: the Redis values `head` and `fresh`, from anybody. */
export interface News {
  readonly head: string;
  readonly fresh: string | null;
}

/** What a cold isolate is given. It verifies all of it. */
export interface HubCopy extends News {
  readonly policies: readonly string[];
  readonly snapshot: string | null;
}

/** A message to isolates. A small snapshot comes along, a large one is read from Redis. */
export interface Announcement extends News {
  readonly snapshot: string | null;
}

const snapshotCharsInMessageMax = 256 * 1024;
const tellsPerSecond = 20;
const tellsAtOnce = 50;

export class Hub extends DurableObject<Env> {
  private readonly kept: Kept;
  private readonly limit: RateLimit = createRateLimit({ perSecond: tellsPerSecond, burst: tellsAtOnce });
  private release: VerifiedRelease | undefined;
  /** One head at a time: each is verified against what the one before left. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.kept = openKept(state.storage);
  }

  /** Upgrades to the WebSocket on which heads are announced; the newest comes at once. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket") return new Response("expected a WebSocket", { status: 426 });
    const { 0: client, 1: server } = new WebSocketPair();
    // Hibernatable: idle listeners don't keep the hub in memory.
    this.ctx.acceptWebSocket(server);
    const copy = await this.copy();
    if (copy !== undefined) server.send(announcementOf(copy, copy.snapshot));
    return new Response(null, { status: 101, webSocket: client });
  }

  async tell(mesh: string, { head, fresh }: News): Promise<Told> {
    if (head.length > limits.headBytesMax) return refused("head_too_large", `${head.length} characters`);
    const size = sizeOf(head);
    if (size === undefined) return refused("head_malformed", "no head of a release log");
    return this.inTurn(async () => {
      const pins = pinsOf(mesh);
      if (pins === undefined) return refused("mesh_unknown", `${mesh} is not deployed here`);
      const memory = await this.remembered(pins);
      const isOld = memory !== undefined && (size < memory.checkpoint.size || (head === memory.head && fresh === null));
      if (isOld) return { outcome: "known", release: memory.statement.release };
      if (!this.limit.take(Date.now())) return { outcome: "busy" };
      return this.verify(pins, { head, fresh }, memory);
    });
  }

  /** The verified copy, or `undefined` where nothing was ever believed. */
  async copy(): Promise<HubCopy | undefined> {
    const store = this.kept.read();
    if (store === undefined) return undefined;
    const { head, fresh } = await store.candidate();
    if (head === null) return undefined;
    const snapshot = await store.snapshot("" as Parameters<Store["snapshot"]>[0]);
    return { head, fresh, policies: this.kept.policies(), snapshot };
  }

  async forks(): Promise<ReturnType<Kept["evidence"]>> {
    return this.kept.evidence();
  }

  /** Nothing is expected from listeners. */
  override async webSocketMessage(socket: WebSocket): Promise<void> {
    socket.close(1003, "this hub only speaks");
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close();
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn;
    return turn;
  }

  private async verify(pins: MeshPins, news: News, memory: VerifiedRelease | undefined): Promise<Told> {
    const redis = connect(this.env);
    if (redis === undefined) return refused("router_misconfigured", "the store's secrets are not set");
    try {
      const nowMs = Date.now();
      const floored = memory === undefined ? this.floored(pins) : pins;
      const accepted = await accept(news, memory, floored, storeOf(redis, pins.mesh), Math.floor(nowMs / 1_000));
      if (!accepted.ok) {
        const { code, message, evidence } = accepted.error;
        if (evidence !== undefined) this.kept.addEvidence(evidence, nowMs);
        return refused(code, message);
      }
      const { release, fault } = accepted.value;
      if (fault !== undefined) return refused(fault.code, fault.message);
      if (release === memory) return { outcome: "known", release: release.statement.release };
      this.release = release;
      this.kept.write(release, pins.policy, news.fresh);
      const announcement = announcementOf(news, release.entries === memory?.entries ? null : release.snapshotText);
      for (const socket of this.ctx.getWebSockets()) socket.send(announcement);
      return { outcome: "accepted", release: release.statement.release };
    } catch (error) {
      return refused("store_unreachable", String(error));
    }
  }

  /** The pins, with the watermark as floor: it outlives a release that the next deployment's policy doesn't allow. */
  private floored(pins: MeshPins): MeshPins {
    const watermark = this.kept.watermark(pins.policy);
    const higher = watermark !== undefined && watermark.size >= (pins.floor?.size ?? 0);
    return higher ? { ...pins, floor: watermark } : pins;
  }

  /** What is on disk was verified before it was written; it is verified again, for it is cheap, and freshness has passed since. */
  private async remembered(pins: MeshPins): Promise<VerifiedRelease | undefined> {
    if (this.release !== undefined) return this.release;
    const store = this.kept.read();
    if (store === undefined) return undefined;
    const now = Math.floor(Date.now() / 1_000);
    const accepted = await accept(
      await store.candidate(),
      undefined,
      { ...this.floored(pins), coldStale: "serve" },
      store,
      now,
    );
    this.release = accepted.ok ? accepted.value.release : undefined;
    return this.release;
  }
}

const refused = (code: string, message: string): Told => ({ outcome: "refused", code, message });

function announcementOf({ head, fresh }: News, snapshot: string | null): string {
  const small = snapshot !== null && snapshot.length <= snapshotCharsInMessageMax;
  return JSON.stringify({ head, fresh, snapshot: small ? snapshot : null } satisfies Announcement);
}

function pinsOf(mesh: string): MeshPins | undefined {
  const deployment = parseDeploymentPolicy(deploymentJson);
  return deployment.ok ? deployment.value.meshes.find((pins) => pins.mesh === mesh) : undefined;
}

function sizeOf(headText: string): number | undefined {
  const head = parseHead(headText);
  const note = head.ok ? parseSignedNote(head.value.checkpoint) : head;
  const checkpoint = note.ok && "text" in note.value ? parseCheckpoint(note.value.text) : undefined;
  return checkpoint?.ok ? checkpoint.value.size : undefined;
}
