/** The one place where a release is made: what it states, and everything it takes to publish that. */
import { digestOf } from "../../shared/encoding/digest.ts";
import { emptyFrontier } from "../../shared/merkle/frontier.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import { detailDigest, type Detail } from "../../shared/trust/detail.ts";
import { overlayDigest, type Overlay } from "../../shared/trust/overlay.ts";
import type { Statement } from "../../shared/trust/statement.ts";
import type { Authority } from "../deployment/authority.ts";
import type { SignedRelease } from "../publisher/anchor.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { findTooLarge, signRelease } from "../publisher/sign-release.ts";
import type { ValidPush } from "../validator/validate-push.ts";
import { faultOf, type EngineFault } from "./fault.ts";
import type { MeshState } from "./mesh-state.ts";

/** What a release carries. Who only changes the overlay repeats the newest release's content. */
export type Content = Pick<ValidPush, "lock" | "lockText" | "snapshot">;

/** @param state what it follows; absent: it is the first. @param time unix seconds */
export async function makeRelease(
  publisher: Publisher,
  { pins: { mesh }, policy, keys }: Authority,
  state: MeshState | undefined,
  { lock, lockText, snapshot }: Content,
  overlay: Overlay,
  { actor, message }: Detail,
  time: number,
): Promise<Result<SignedRelease, EngineFault>> {
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
    time,
  };
  const frontier = state?.frontier ?? emptyFrontier;
  const tooLarge = findTooLarge(frontier, statement, overlay, detail);
  if (tooLarge !== undefined) {
    const message_ = `the release's ${tooLarge} would be larger than edges read; nothing was changed`;
    return err({ code: "release_too_large", message: message_ });
  }
  const blobs = new Map([
    [publicKeys(mesh).policy(policy.digest), policy.text],
    [publicKeys(mesh).snapshot(statement.snapshotDigest), snapshot],
    [controlPlaneKeys(mesh).lock(statement.lockDigest), lockText],
  ]);
  const sign = (): SignedRelease => signRelease(frontier, statement, overlay, detail, keys);
  const published = await publisher.publish(mesh, state?.newest, sign, blobs);
  return published.ok ? ok(published.value) : err(faultOf(published.error));
}
