/** Logs of the vectors: releases appended with the control plane's own signing, and with whatever alteration a defect needs. */
import { lock, type Locked } from "../../../control-plane/locker/lock.ts";
import { encodeLockFile } from "../../../control-plane/locker/lock-file.ts";
import type { MeshKeys } from "../../../control-plane/publisher/sign-release.ts";
import { signRelease } from "../../../control-plane/publisher/sign-release.ts";
import type { SignedRelease } from "../../../control-plane/publisher/anchor.ts";
import type { Entries } from "../../../shared/document/entry.ts";
import { base64Bytes, utf8 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { emptyFrontier, extendFrontier, type Frontier } from "../../../shared/merkle/frontier.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { approvalText, type ApprovedStep, type Approvals } from "../../../shared/trust/approval.ts";
import { detailDigest, type Detail } from "../../../shared/trust/detail.ts";
import { overlayDigest, type Overlay } from "../../../shared/trust/overlay.ts";
import { encodeSignatureLine } from "../../../shared/trust/signed-note.ts";
import type { Statement } from "../../../shared/trust/statement.ts";
import type { NamedKey } from "./keys.ts";
import type { World } from "./world.ts";

/** Unix seconds of every log's first release; one follows each 100 s. */
export const firstTime = 1_800_000_000;
export const timeOf = (release: number): number => firstTime + 100 * release;
export const notAfter = firstTime + 30 * 86_400;

/** A locked revision, approved by these keys. */
export interface Revision extends Locked {
  readonly approvers: readonly NamedKey[];
}

export interface Release extends SignedRelease {
  readonly revision: Revision;
  readonly content: Statement;
  readonly overlay: Overlay;
  readonly detail: Detail;
  /** Of the log with this release. */
  readonly frontier: Frontier;
}

/** The next revision, as `flagmesh lock` and `flagmesh approve` make it. */
export function revise(
  world: World,
  previous: Revision | undefined,
  entries: Entries,
  approvers: readonly NamedKey[],
): Revision {
  const locked = lock({
    mesh: world.mesh,
    origin: world.origin,
    entries,
    files: new Map(),
    previous: previous?.lock,
    seed: leafHash(utf8(`flagmesh test seed ${world.mesh}`)),
    tool: "vectors",
  });
  if (!locked.ok) throw new Error(locked.error.code);
  return { ...locked.value, approvers };
}

export const approve = (step: ApprovedStep, approvers: readonly NamedKey[], until = notAfter): Approvals =>
  approvers.length === 0
    ? { notAfter: 0, signatures: [] }
    : {
        notAfter: until,
        signatures: approvers.map((key) => encodeSignatureLine(key.signNote(approvalText(step, until)))),
      };

export interface Change {
  readonly revision?: Revision;
  readonly overlay?: Overlay;
  readonly detail?: Detail;
  /** What the statement says otherwise; approvals are made for the altered one, unless they are altered themselves. */
  readonly statement?: Partial<Statement>;
  readonly keys?: Partial<MeshKeys>;
}

/** One more release. @param previous absent: the log's first */
export function append(world: World, previous: Release | undefined, change: Change): Release {
  const revision = change.revision ?? previous?.revision;
  if (revision === undefined) throw new Error("a log begins with a revision");
  const overlay = change.overlay ?? previous?.overlay ?? {};
  const detail = change.detail ?? { actor: "alice@example.com", message: "" };
  const release = previous === undefined ? 0 : previous.content.release + 1;
  const { lock } = revision;
  const step: ApprovedStep = {
    origin: world.origin,
    revision: lock.revision,
    parent: lock.parent,
    configRoot: lock.configRoot,
    configSize: lock.configSize,
    snapshotDigest: lock.snapshotDigest,
    ...change.statement,
  };
  const approvals = approve(step, revision.approvers);
  const content: Statement = {
    type: "flagmesh/release/v1",
    release,
    lockDigest: digestOf(encodeLockFile({ ...lock, approvals })),
    overlayDigest: overlayDigest(overlay),
    detailDigest: detailDigest(detail),
    approvals,
    policy: { number: world.policy.number, digest: world.policyDigest },
    time: timeOf(release),
    ...step,
  };
  const keys = { log: world.log, freshness: world.freshness, ...change.keys };
  const before = previous?.frontier ?? emptyFrontier;
  const signed = signRelease(before, content, overlay, detail, keys);
  return {
    ...signed,
    revision,
    content,
    overlay,
    detail,
    frontier: extendFrontier(before, base64Bytes(signed.leaf)),
  };
}
