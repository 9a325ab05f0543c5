/**
 * The Flag Engine: it holds the state of every flag of every mesh, and is the only one who makes releases. A release is
 * made on the newest one that the anchor knows; whoever comes second is told who won.
 */
import type { EntryKey, FlagEntry } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { emptyFrontier } from "../../shared/merkle/frontier.ts";
import { digestOf } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import { detailDigest, type Detail } from "../../shared/trust/detail.ts";
import { renewalOf, encodeRenewal } from "../../shared/trust/freshness.ts";
import {
  danglingOverlay,
  overlayDigest,
  stepAt,
  type Overlay,
  type OverlayChange,
} from "../../shared/trust/overlay.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import { parseHead } from "../../shared/store/head.ts";
import type { Statement } from "../../shared/trust/statement.ts";
import type { Authority } from "../deployment/authority.ts";
import type { Anchor, AnchoredRelease } from "../publisher/anchor.ts";
import type { Publisher, PublishFault } from "../publisher/publisher.ts";
import { signRelease } from "../publisher/sign-release.ts";
import { validatePush, type Push, type ValidPush } from "../validator/validate-push.ts";
import type { EngineFault, Winner } from "./fault.ts";
import { loadState, type MeshState } from "./mesh-state.ts";
import { summaryOf, type ReleaseSummary } from "./release-summary.ts";

/** Who asks, why, and on which release they think they build. */
export interface Intent extends Detail {
  /** Number of the release that must be the newest; absent: any. */
  readonly onRelease?: number;
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
}

export interface EngineDeps {
  readonly authorities: ReadonlyMap<MeshId, Authority>;
  readonly anchor: Anchor;
  readonly publisher: Publisher;
  /** Unix seconds. */
  readonly clock: () => number;
  /** 32 random bytes, for the seed of a mesh's first lock. */
  readonly randomSeed: () => Uint8Array<ArrayBuffer>;
}

/** An operator's change is built on whatever is newest, so a lost race is run again. */
const operateAttemptsMax = 8;

export function createEngine({ authorities, anchor, publisher, clock, randomSeed }: EngineDeps): Engine {
  const states = new Map<MeshId, MeshState>();

  function authorityOf(mesh: MeshId): Result<Authority, EngineFault> {
    const authority = authorities.get(mesh);
    return authority === undefined
      ? err({ code: "mesh_unknown", message: `${mesh} is no mesh of this deployment` })
      : ok(authority);
  }

  async function newestState(mesh: MeshId): Promise<MeshState | undefined> {
    const newest = await anchor.newest(mesh);
    if (newest === undefined) return undefined;
    const known = states.get(mesh);
    if (known?.newest.head === newest.head) return known;
    const state = await loadState(anchor, mesh, newest);
    states.set(mesh, state);
    return state;
  }

  /** The mesh's state, Redis known to agree with it, and the caller's expectation met. */
  async function ready(mesh: MeshId, intent: Intent): Promise<Result<MeshState | undefined, EngineFault>> {
    const agreed = await reconcile(mesh);
    if (!agreed.ok) return agreed;
    const state = await newestState(mesh);
    if (intent.onRelease !== undefined && intent.onRelease !== (state?.statement.release ?? -1)) {
      return state === undefined
        ? err({ code: "nothing_published", message: `${mesh} has no release ${intent.onRelease}` })
        : err({
            code: "precondition_failed",
            message: `If-Match names release ${intent.onRelease}, the newest is ${state.statement.release}`,
            winner: winnerOf(state.newest),
          });
    }
    return ok(state);
  }

  async function reconcile(mesh: MeshId): Promise<Result<void, EngineFault>> {
    const agreed = await publisher.reconcile(mesh);
    return agreed.ok ? agreed : err(faultOf(agreed.error));
  }

  /** The one place where a release is made. */
  async function release(
    mesh: MeshId,
    { policy, keys }: Authority,
    state: MeshState | undefined,
    content: Pick<ValidPush, "lock" | "lockText" | "snapshot">,
    overlay: Overlay,
    { actor, message }: Intent,
  ): Promise<Result<Released, EngineFault>> {
    const { lock, lockText, snapshot } = content;
    const detail: Detail = { actor, message };
    const statement: Statement = {
      type: "flagmesh/release/v1",
      origin: policy.origin,
      release: state === undefined ? 0 : state.statement.release + 1,
      revision: lock.revision,
      parent: lock.parent,
      configRoot: lock.configRoot,
      configSize: lock.configSize,
      snapshotDigest: lock.snapshotDigest,
      lockDigest: digestOf(lockText),
      overlayDigest: overlayDigest(overlay),
      detailDigest: detailDigest(detail),
      approvals: lock.approvals,
      policy: { number: policy.number, digest: policy.digest },
      time: clock(),
    };
    const signed = signRelease(state?.frontier ?? emptyFrontier, statement, overlay, detail, keys);
    const blobs = new Map([
      [publicKeys(mesh).policy(policy.number), policy.text],
      [publicKeys(mesh).snapshot(statement.snapshotDigest), snapshot],
      [controlPlaneKeys(mesh).lock(statement.lockDigest), lockText],
    ]);
    const published = await publisher.publish(mesh, signed, blobs);
    if (published.ok) return ok({ release: summaryOf({ ...signed, published: true }), created: true, lock: lockText });
    return err(faultOf(published.error));
  }

  return {
    meshes: [...authorities.keys()],
    reconcile,

    async state(mesh) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      const state = await newestState(mesh);
      return state === undefined
        ? err({ code: "nothing_published", message: `${mesh} has no release yet` })
        : ok(state);
    },

    async push(mesh, push, intent) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      const state = await ready(mesh, intent);
      if (!state.ok) return state;
      const valid = await validatePush(push, {
        authority: authority.value,
        state: state.value,
        now: clock(),
        randomSeed,
      });
      if (!valid.ok) return valid;
      if (state.value !== undefined && valid.value.lock.configRoot === state.value.statement.configRoot) {
        return ok({ release: summaryOf(state.value.newest), created: false, lock: state.value.lockText });
      }
      const overlay = state.value?.overlay ?? {};
      const dangling = danglingOverlay(overlay, valid.value.entries);
      if (dangling !== undefined) {
        return err({
          code: "overlay_dangling",
          message: `the overlay of ${dangling.flag} would be left over: ${dangling.why}. Revive it first, or keep the flag`,
        });
      }
      return release(mesh, authority.value, state.value, valid.value, overlay, intent);
    },

    async operate(mesh, flag, change, intent) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      for (let attempt = 1; ; attempt++) {
        const ready_ = await ready(mesh, intent);
        if (!ready_.ok) return ready_;
        const state = ready_.value;
        if (state === undefined) return err({ code: "nothing_published", message: `${mesh} has no release yet` });
        const overlay = changeOverlay(state, flag, change);
        if (!overlay.ok) return overlay;
        if (overlayDigest(overlay.value) === state.statement.overlayDigest) {
          return ok({ release: summaryOf(state.newest), created: false, lock: state.lockText });
        }
        const released = await release(mesh, authority.value, state, state, overlay.value, intent);
        const lost = !released.ok && released.error.code === "conflict" && intent.onRelease === undefined;
        if (!lost || attempt === operateAttemptsMax) return released;
      }
    },

    async releases(mesh, from, to) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      return ok((await anchor.releases(mesh, from, to)).map(summaryOf));
    },

    async renewFreshness(mesh) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      const newest = await anchor.newest(mesh);
      const head = newest === undefined ? undefined : parseHead(newest.head);
      const note = head?.ok ? parseSignedNote(head.value.checkpoint) : undefined;
      if (!note?.ok) return ok(undefined);
      const { text } = note.value;
      const signature = authority.value.keys.freshness.cosign(text, clock());
      const renewed = await publisher.renew(mesh, encodeRenewal(renewalOf(text, signature)));
      return renewed.ok ? renewed : err(faultOf(renewed.error));
    },

    async restore(mesh) {
      const authority = authorityOf(mesh);
      if (!authority.ok) return authority;
      const restored = await publisher.restore(mesh);
      return restored.ok ? restored : err(faultOf(restored.error));
    },
  };
}

function changeOverlay(
  { overlay, entries }: MeshState,
  flag: string,
  change: OverlayChange | undefined,
): Result<Overlay, EngineFault> {
  const key: EntryKey = `flag:${flag}`;
  const entry = entries.get(key) as FlagEntry | undefined;
  if (entry === undefined) return err({ code: "flag_unknown", message: `there is no flag ${flag}` });
  if (change !== undefined && "stage" in change && stepAt(entry, change.stage) === undefined) {
    const steps = entry.rollout !== undefined && "steps" in entry.rollout ? entry.rollout.steps : [];
    const known = steps.length === 0 ? "it has none" : `they are ${steps.map((step) => `${step / 1000} %`).join(", ")}`;
    return err({
      code: "stage_unknown",
      message: `${change.stage} % is not among the approved steps of ${flag}: ${known}`,
    });
  }
  const { [flag]: _, ...others } = overlay;
  return ok(change === undefined ? others : { ...others, [flag]: change });
}

function faultOf(fault: PublishFault): EngineFault {
  if (fault.code !== "conflict") return fault;
  const winner = winnerOf(fault.winner);
  return { code: "conflict", message: `release ${winner.release} came first, by ${winner.actor}`, winner };
}

function winnerOf(newest: AnchoredRelease): Winner {
  const { release, revision, configRoot, actor, time } = summaryOf(newest);
  return { release, revision, configRoot, actor, time };
}
