/**
 * The Flag Engine: it holds the state of every flag of every mesh, and is the only one who makes releases. A release is
 * made on the newest one that the anchor knows; whoever comes second is told who won.
 */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Bytes } from "../../shared/encoding/bytes.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseHead } from "../../shared/store/head.ts";
import type { Detail } from "../../shared/trust/detail.ts";
import { encodeRenewal, renewalOf } from "../../shared/trust/freshness.ts";
import { danglingOverlay, overlayDigest, type OverlayChange } from "../../shared/trust/overlay.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import type { Authority } from "../deployment/authority.ts";
import { createReleaseLog, type ReleaseLog } from "../log/release-log.ts";
import { AnchorError, type Anchor, type SignedRelease } from "../publisher/anchor.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { validatePush, type Push } from "../validator/validate-push.ts";
import { changeOverlay } from "./change-overlay.ts";
import { faultOf, winnerOf, type EngineFault } from "./fault.ts";
import { makeRelease } from "./make-release.ts";
import { loadState, type MeshState } from "./mesh-state.ts";
import { summaryOf, type ReleaseSummary } from "./release-summary.ts";
import { createTurns } from "./turns.ts";

/** Who asks, why, and on which release they think they build. */
export interface Intent extends Detail {
  /** Number of the release that must be the newest, or `any` for one at least; absent: no matter. */
  readonly onRelease?: number | "any";
}

export interface Released {
  readonly release: ReleaseSummary;
  /** False where the newest release already is what was asked for: none was made. */
  readonly created: boolean;
  /** The lock that is in force now: of interest to whoever pushed without one. */
  readonly lock: string;
}

export interface Engine {
  readonly meshes: readonly MeshId[];
  readonly state: (mesh: MeshId) => Promise<Result<MeshState, EngineFault>>;
  readonly push: (mesh: MeshId, push: Push, intent: Intent) => Promise<Result<Released, EngineFault>>;
  /** Kill or stage a flag; `undefined` takes the overlay's change back. */
  readonly operate: (
    mesh: MeshId,
    flag: string,
    change: OverlayChange | undefined,
    intent: Intent,
  ) => Promise<Result<Released, EngineFault>>;
  readonly releases: (
    mesh: MeshId,
    from: number,
    to: number,
  ) => Promise<Result<readonly ReleaseSummary[], EngineFault>>;
  /** Says again, signed, that the newest checkpoint is the newest. */
  readonly renewFreshness: (mesh: MeshId) => Promise<Result<void, EngineFault>>;
  /** Finishes what was signed and not published, and says whether Redis has what the anchor has. */
  readonly reconcile: (mesh: MeshId) => Promise<Result<void, EngineFault>>;
  readonly restore: (mesh: MeshId) => Promise<Result<number, EngineFault>>;
  /** Reads of what was signed. */
  readonly readLog: <T>(
    mesh: MeshId,
    read: (log: ReleaseLog) => Promise<Result<T, EngineFault>>,
  ) => Promise<Result<T, EngineFault>>;
}

export interface EngineDeps {
  readonly authorities: ReadonlyMap<MeshId, Authority>;
  readonly anchor: Anchor;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly clock: () => number;
  /** 32 random bytes, for the seed of a mesh's first lock. */
  readonly randomSeed: () => Bytes;
}

/** A race that was lost to somebody who built on the same revision is run again, so often. */
const attemptsMax = 8;

export function createEngine({ authorities, anchor, publisher, clock, randomSeed }: EngineDeps): Engine {
  const states = new Map<MeshId, MeshState>();
  const logs = new Map(Array.from(authorities.keys(), (mesh) => [mesh, createReleaseLog(anchor, mesh)]));
  /** Operators' changes don't compete with each other: however many come at once, each is made. */
  const inTurn = createTurns<MeshId>();

  /** Does something for a mesh that there is, and turns a failure of the anchor into an answer. */
  async function forMesh<T>(
    mesh: MeshId,
    work: (authority: Authority) => Promise<Result<T, EngineFault>>,
  ): Promise<Result<T, EngineFault>> {
    const authority = authorities.get(mesh);
    if (authority === undefined) return err({ code: "mesh_unknown", message: `${mesh} is no mesh of this deployment` });
    try {
      return await work(authority);
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
      return err({ code: error.code, message: error.message });
    }
  }

  async function newestState({ pins: { mesh }, policy }: Authority): Promise<MeshState | undefined> {
    const newest = await anchor.newest(mesh);
    if (newest === undefined) return undefined;
    const known = states.get(mesh);
    if (known?.newest.head === newest.head) return known;
    const state = await loadState(anchor, mesh, newest, policy);
    states.set(mesh, state);
    return state;
  }

  /** The mesh's state, Redis known to agree with it, and the caller's expectation met. */
  async function ready(
    authority: Authority,
    { onRelease }: Intent,
  ): Promise<Result<MeshState | undefined, EngineFault>> {
    const agreed = await publisher.reconcile(authority.pins.mesh);
    if (!agreed.ok) return err(faultOf(agreed.error));
    const state = await newestState(authority);
    if (onRelease === undefined || onRelease === state?.statement.release) return ok(state);
    return onRelease === "any" && state !== undefined ? ok(state) : err(preconditionFailed(onRelease, state));
  }

  async function push(authority: Authority, pushed: Push, intent: Intent): Promise<Result<Released, EngineFault>> {
    const ready_ = await ready(authority, intent);
    if (!ready_.ok) return ready_;
    const state = ready_.value;
    const valid = await validatePush(pushed, { authority, state, now: clock(), randomSeed });
    if (!valid.ok) return valid;
    if (state !== undefined && valid.value.lock.configRoot === state.statement.configRoot) return ok(unchanged(state));
    const overlay = state?.overlay ?? {};
    const dangling = danglingOverlay(overlay, valid.value.entries);
    if (dangling !== undefined) {
      return err({
        code: "overlay_dangling",
        message: `the overlay of ${dangling.flag} would be left over: ${dangling.why}. Revive it first, or keep the flag`,
      });
    }
    const made = await makeRelease(publisher, authority, state, valid.value, overlay, intent, clock());
    return made.ok ? ok(created(made.value, valid.value.lockText)) : made;
  }

  async function operate(
    authority: Authority,
    flag: string,
    change: OverlayChange | undefined,
    intent: Intent,
  ): Promise<Result<Released, EngineFault>> {
    const state = await ready(authority, intent);
    if (!state.ok) return state;
    if (state.value === undefined) return err(nothingPublished(authority));
    const overlay = changeOverlay(state.value, flag, change);
    if (!overlay.ok) return overlay;
    if (overlayDigest(overlay.value) === state.value.statement.overlayDigest) return ok(unchanged(state.value));
    const made = await makeRelease(publisher, authority, state.value, state.value, overlay.value, intent, clock());
    return made.ok ? ok(created(made.value, state.value.lockText)) : made;
  }

  async function renewFreshness({ pins: { mesh }, keys }: Authority): Promise<Result<void, EngineFault>> {
    const newest = await anchor.newest(mesh);
    const head = newest === undefined ? undefined : parseHead(newest.head);
    const note = head?.ok ? parseSignedNote(head.value.checkpoint) : undefined;
    if (!note?.ok) return ok(undefined);
    const { text } = note.value;
    const signature = keys.freshness.cosign(text, clock());
    const renewed = await publisher.renew(mesh, encodeRenewal(renewalOf(text, signature)));
    if (renewed.ok) logs.get(mesh)?.renewed(text, signature);
    return renewed.ok ? renewed : err(faultOf(renewed.error));
  }

  return {
    meshes: [...authorities.keys()],

    state: (mesh) =>
      forMesh(mesh, async (authority) => {
        const state = await newestState(authority);
        return state === undefined ? err(nothingPublished(authority)) : ok(state);
      }),

    // A lock names the revision that it is built on, so trying again can't undo anybody's change; a bare document doesn't.
    push: (mesh, pushed, intent) =>
      forMesh(mesh, (authority) =>
        retryLostRaces(pushed.lock !== undefined && typeof intent.onRelease !== "number", () =>
          push(authority, pushed, intent),
        ),
      ),

    operate: (mesh, flag, change, intent) =>
      forMesh(mesh, (authority) =>
        inTurn(mesh, () =>
          retryLostRaces(typeof intent.onRelease !== "number", () => operate(authority, flag, change, intent)),
        ),
      ),

    releases: (mesh, from, to) => forMesh(mesh, async () => ok((await anchor.releases(mesh, from, to)).map(summaryOf))),

    renewFreshness: (mesh) => forMesh(mesh, renewFreshness),

    readLog: (mesh, read) => forMesh(mesh, async () => read(logs.get(mesh)!)),

    reconcile: (mesh) =>
      forMesh(mesh, async () => {
        const agreed = await publisher.reconcile(mesh);
        return agreed.ok ? agreed : err(faultOf(agreed.error));
      }),

    restore: (mesh) =>
      forMesh(mesh, (authority) =>
        inTurn(mesh, async () => {
          const restored = await publisher.restore(mesh);
          if (!restored.ok) return err(faultOf(restored.error));
          // The newest head may have been signed long ago, and edges without memory refuse a stale one.
          const renewed = await renewFreshness(authority);
          return renewed.ok ? restored : renewed;
        }),
      ),
  };
}

/** @param run makes a release, or says what is wrong */
async function retryLostRaces(
  mayRetry: boolean,
  run: () => Promise<Result<Released, EngineFault>>,
): Promise<Result<Released, EngineFault>> {
  for (let attempt = 1; ; attempt++) {
    const released = await run();
    const lost = !released.ok && released.error.code === "conflict";
    if (!lost || !mayRetry || attempt === attemptsMax) return released;
  }
}

const created = (signed: SignedRelease, lock: string): Released => ({
  release: summaryOf({ ...signed, published: true }),
  created: true,
  lock,
});

const unchanged = ({ newest, lockText }: MeshState): Released => ({
  release: summaryOf({ ...newest, published: true }),
  created: false,
  lock: lockText,
});

const nothingPublished = ({ pins }: Authority): EngineFault => ({
  code: "nothing_published",
  message: `${pins.mesh} has no release yet`,
});

function preconditionFailed(wanted: number | "any", state: MeshState | undefined): EngineFault {
  const named = wanted === "any" ? "a release" : `release ${wanted}`;
  if (state === undefined) {
    return { code: "precondition_failed", message: `If-Match names ${named}, and nothing is published yet` };
  }
  return {
    code: "precondition_failed",
    message: `If-Match names ${named}, the newest is ${state.statement.release}`,
    winner: winnerOf(state.newest),
  };
}
