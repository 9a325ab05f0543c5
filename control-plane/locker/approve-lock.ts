/** Approving a lock: another signature among those that it carries, over the very step that it is. */
import type { Entries } from "../../shared/document/entry.ts";
import { equalBytes } from "../../shared/encoding/bytes.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { approvalText, noApprovals, type ApprovedStep, type Approvals } from "../../shared/trust/approval.ts";
import {
  encodeSignatureLine,
  parseSignatureLine,
  signaturesBy,
  type NoteSignature,
} from "../../shared/trust/signed-note.ts";
import type { SigningKey } from "../keys/signing-key.ts";
import type { Lock } from "./lock-file.ts";
import { planUndo, undoStep } from "./lock-undo.ts";
import type { LockRefusal } from "./lock.ts";

/** Unix seconds. */
export interface ApprovalTime {
  readonly now: number;
  /** Until when the step may first be published: what the approver asks for, if anything. */
  readonly notAfter?: number | undefined;
  /** Where nobody asked for another. */
  readonly notAfterDefault: number;
}

export interface AddedApproval {
  readonly approvals: Approvals;
  /** False where this key had signed already. */
  readonly added: boolean;
}

export interface ApprovedLock {
  readonly lock: Lock;
  readonly added: boolean;
}

export type ApprovalRefusal =
  /** The first approver sets the time, and the others sign the same, or their signatures would be of different texts. */
  | { readonly code: "not_after_differs"; readonly wanted: number; readonly found: number }
  /** What others signed can't be published any more. */
  | { readonly code: "approvals_expired"; readonly notAfter: number }
  | { readonly code: "too_many_signatures"; readonly max: number };

/** @param key of type 0x01 */
export function addApproval(
  step: ApprovedStep,
  present: Approvals,
  key: SigningKey,
  { now, notAfter: asked, notAfterDefault }: ApprovalTime,
): Result<AddedApproval, ApprovalRefusal> {
  const first = present.signatures.length === 0;
  const notAfter = first ? (asked ?? notAfterDefault) : present.notAfter;
  if (asked !== undefined && asked !== notAfter)
    return err({ code: "not_after_differs", wanted: asked, found: notAfter });
  if (notAfter < now) return err({ code: "approvals_expired", notAfter });
  const mine = key.signNote(approvalText(step, notAfter));
  if (present.signatures.some((line) => isSignature(line, mine))) return ok({ approvals: present, added: false });
  // What claims to be of this key and isn't would hide its real signature: only the first one of a name is looked at.
  const others = present.signatures.filter((line) => !claimsToBeOf(line, key));
  if (others.length >= limits.noteSignaturesMax) {
    return err({ code: "too_many_signatures", max: limits.noteSignaturesMax });
  }
  return ok({ approvals: { notAfter, signatures: [...others, encodeSignatureLine(mine)] }, added: true });
}

/** Ed25519 is deterministic: the same key gives the same signature, whatever name it goes by. */
function isSignature(line: string, { signature }: NoteSignature): boolean {
  const parsed = parseSignatureLine(line);
  return parsed.ok && equalBytes(parsed.value.signature, signature);
}

function claimsToBeOf(line: string, { vkey }: SigningKey): boolean {
  const parsed = parseSignatureLine(line);
  return parsed.ok && signaturesBy(vkey, [parsed.value]).length > 0;
}

/** The lock with this key's approval of its revision. */
export function approveRevision(
  lock: Lock,
  key: SigningKey,
  time: ApprovalTime,
): Result<ApprovedLock, ApprovalRefusal> {
  const signed = addApproval(lock, lock.approvals, key, time);
  if (!signed.ok) return signed;
  return ok({ lock: { ...lock, approvals: signed.value.approvals }, added: signed.value.added });
}

/** The lock with this key's approval of the revision that would take it back. @param replaced entries of its parent */
export function approveUndo(
  lock: Lock,
  replaced: Entries,
  key: SigningKey,
  time: ApprovalTime,
): Result<ApprovedLock, ApprovalRefusal | LockRefusal | { readonly code: "undo_mismatch" }> {
  const planned = planUndo(lock, replaced);
  if (!planned.ok) return planned;
  const { undo } = planned.value;
  if (undo === null) throw new Error("a planned undo is missing");
  const step = undoStep(lock, undo);
  if (lock.undo !== null && approvalText(undoStep(lock, lock.undo), 0) !== approvalText(step, 0)) {
    return err({ code: "undo_mismatch" });
  }
  const signed = addApproval(step, lock.undo?.approvals ?? noApprovals, key, time);
  if (!signed.ok) return signed;
  const { approvals, added } = signed.value;
  return ok({ lock: { ...lock, undo: { ...undo, approvals } }, added });
}
