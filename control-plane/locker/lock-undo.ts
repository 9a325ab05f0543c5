/**
 * The undo of a revision: the next one, with the content of the one that it replaced. Approved beforehand, it lets
 * somebody roll back at night with no approver awake, and no exception at the edge.
 */
import type { Entries } from "../../shared/document/entry.ts";
import { base64Bytes } from "../../shared/encoding/bytes.ts";
import { ok, type Result } from "../../shared/result.ts";
import { noApprovals, type ApprovedStep } from "../../shared/trust/approval.ts";
import type { Lock } from "./lock-file.ts";
import { lock, type LockRefusal } from "./lock.ts";

/** What to sign to approve the undo of a lock, whose `undo` says where that leads. */
export const undoStep = (
  { origin, revision, configRoot }: Lock,
  undo: Omit<NonNullable<Lock["undo"]>, "approvals">,
): ApprovedStep => ({
  origin,
  revision: revision + 1,
  configRoot: undo.configRoot,
  configSize: undo.configSize,
  snapshotDigest: undo.snapshotDigest,
  parent: configRoot,
});

/** The lock with its undo planned, not yet approved. @param replaced the entries of the revision before it */
export function planUndo(current: Lock, replaced: Entries): Result<Lock, LockRefusal> {
  const { mesh, origin, files, tool } = current;
  const undone = lock({
    mesh,
    origin,
    entries: replaced,
    files,
    previous: current,
    seed: base64Bytes(current.seed),
    tool,
  });
  if (!undone.ok) return undone;
  const { configRoot, configSize, snapshotDigest } = undone.value.lock;
  return ok({ ...current, undo: { configRoot, configSize, snapshotDigest, approvals: noApprovals } });
}
