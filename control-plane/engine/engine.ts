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
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import type { Authority, Mandate } from "../deployment/authority.ts";
import { createReleaseLog, type ReleaseLog } from "../log/release-log.ts";
import { AnchorError, type Anchor, type SignedRelease } from "../publisher/anchor.ts";
import type { Publisher } from "../publisher/publisher.ts";
import type { MeshKeys } from "../publisher/sign-release.ts";
import { validatePush, type Push } from "../validator/validate-push.ts";
import { changeOverlay } from "./change-overlay.ts";
import { faultOf, winnerOf, type EngineFault } from "./fault.ts";
import { makeRelease } from "./make-release.ts";
import { loadState, type MeshState } from "./mesh-state.ts";
import { describeRebucketing, type RebucketingAnswer } from "./rebucketing-answer.ts";
import { explainUnapproved, overlayFor, restoringPush } from "./rollback.ts";
import { validateRotation, type Rotation } from "./rotate.ts";
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
  /** Every flag whose users it moves to another variant. */
  readonly rebucketed: readonly RebucketingAnswer[];
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
  /** Makes the content of an old release the next revision. Needs approvals like any other, or an undo that has them. */
  readonly rollback: (mesh: MeshId, release: number, intent: Intent) => Promise<Result<Released, EngineFault>>;
  /** Brings the next mesh policy into force. */
  readonly rotate: (mesh: MeshId, rotation: Rotation, intent: Intent) => Promise<Result<Released, EngineFault>>;
  /** Exact text of the policy in force. */
  readonly policy: (mesh: MeshId) => Promise<Result<string, EngineFault>>;
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
  readonly rotations?: Rotations;
}

/** Where the keys and policies of rotations are kept. */
export interface Rotations {
  /** The private keys that a policy names, or `undefined` where they aren't here. */
  readonly keysOf: (mesh: MeshId, policy: MeshPolicy) => MeshKeys | undefined;
  readonly keep: (mesh: MeshId, policy: MeshPolicy) => void;
}

/** A race that was lost to somebody who built on the same revision is run again, so often. */
const attemptsMax = 8;

export function createEngine(deps: EngineDeps): Engine {
  const { authorities, anchor, publisher, clock, randomSeed, rotations } = deps;
  const states = new Map<MeshId, MeshState>();
  /** Of rotations since the start. */
  const rotated = new Map<MeshId, readonly Mandate[]>();
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
      const acting = await inForce(authority);
      return acting.ok ? await work(acting.value) : acting;
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
      return err({ code: error.code, message: error.message });
    }
  }

  /** The authority under the policy that the newest release is under. */
  async function inForce(authority: Authority): Promise<Result<Authority, EngineFault>> {
    const { mesh } = authority.pins;
    const mandates = [authority, ...(authority.successors ?? []), ...(rotated.get(mesh) ?? [])];
    if (mandates.length === 1) return ok(authority);
    const newest = await anchor.newest(mesh);
    const statement = newest === undefined ? undefined : parseStatement(newest.statement);
    if (!statement?.ok) return ok(authority);
    const { digest, number } = statement.value.policy;
    const mandate = mandates.find(({ policy }) => policy.digest === digest);
    if (mandate !== undefined) return ok({ ...authority, policy: mandate.policy, keys: mandate.keys });
    return err({ code: "policy_keys_missing", message: `${mesh} is under policy ${number}, which isn't kept here` });
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

  /** @param overlayNext what becomes of the overlay under other entries */
  async function push(
    authority: Authority,
    pushed: Push,
    intent: Intent,
    overlayNext: typeof overlayFor = (present) => present,
  ): Promise<Result<Released, EngineFault>> {
    const ready_ = await ready(authority, intent);
    if (!ready_.ok) return ready_;
    const state = ready_.value;
    const valid = await validatePush(pushed, { authority, state, now: clock(), randomSeed });
    if (!valid.ok) return valid;
    if (state !== undefined && valid.value.lock.configRoot === state.statement.configRoot) return ok(unchanged(state));
    const overlay = overlayNext(state?.overlay ?? {}, valid.value.entries);
    const dangling = danglingOverlay(overlay, valid.value.entries);
    if (dangling !== undefined) {
      return err({
        code: "overlay_dangling",
        message: `the overlay of ${dangling.flag} would be left over: ${dangling.why}. Revive it first, or keep the flag`,
      });
    }
    const made = await makeRelease(publisher, authority, state, valid.value, overlay, intent, clock());
    if (!made.ok) return made;
    const rebucketed = describeRebucketing(state, { entries: valid.value.entries, overlay });
    return ok(created(made.value, valid.value.lockText, rebucketed));
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
    if (!made.ok) return made;
    const rebucketed = describeRebucketing(state.value, { entries: state.value.entries, overlay: overlay.value });
    return ok(created(made.value, state.value.lockText, rebucketed));
  }

  async function rollback(
    authority: Authority,
    release: number,
    intent: Intent,
  ): Promise<Result<Released, EngineFault>> {
    const { mesh } = authority.pins;
    const state = await ready(authority, intent);
    if (!state.ok) return state;
    if (state.value === undefined) return err(nothingPublished(authority));
    const restoring = await restoringPush(logs.get(mesh)!, mesh, release, state.value);
    if (!restoring.ok) return restoring;
    const pushed = await push(authority, restoring.value, intent, overlayFor);
    return pushed.ok ? pushed : err(explainUnapproved(pushed.error, release));
  }

  async function rotate(
    authority: Authority,
    rotation: Rotation,
    intent: Intent,
  ): Promise<Result<Released, EngineFault>> {
    const state = await ready(authority, intent);
    if (!state.ok) return state;
    if (state.value === undefined) return err(nothingPublished(authority));
    if (rotation.policy === authority.policy.text) return ok(unchanged(state.value));
    const valid = await validateRotation(rotation, state.value, authority.policy);
    if (!valid.ok) return valid;
    const { policy, content } = valid.value;
    const { mesh } = authority.pins;
    const keys = rotations?.keysOf(mesh, policy);
    if (rotations === undefined || keys === undefined) {
      const message = `the log and freshness keys of policy ${policy.number} are not in the control plane's directory`;
      return err({ code: "policy_keys_missing", message });
    }
    // Before it is signed: a control plane that starts again must find the policy that its log is under.
    rotations.keep(mesh, policy);
    rotated.set(mesh, [...(rotated.get(mesh) ?? []), { policy, keys }]);
    const acting = { ...authority, policy, keys };
    const made = await makeRelease(publisher, acting, state.value, content, state.value.overlay, intent, clock());
    return made.ok ? ok(created(made.value, content.lockText, [])) : made;
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

    // Who loses a race would take back what the winner did, so it isn't run again.
    rollback: (mesh, release, intent) =>
      forMesh(mesh, (authority) => inTurn(mesh, () => rollback(authority, release, intent))),

    rotate: (mesh, rotation, intent) =>
      forMesh(mesh, (authority) => inTurn(mesh, () => rotate(authority, rotation, intent))),

    policy: (mesh) => forMesh(mesh, async ({ policy }) => ok(policy.text)),

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

const created = (signed: SignedRelease, lock: string, rebucketed: Released["rebucketed"]): Released => ({
  release: summaryOf({ ...signed, published: true }),
  created: true,
  lock,
  rebucketed,
});

const unchanged = ({ newest, lockText }: MeshState): Released => ({
  release: summaryOf({ ...newest, published: true }),
  created: false,
  lock: lockText,
  rebucketed: [],
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
