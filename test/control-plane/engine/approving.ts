/** Approvers' signatures on a lock. */
import { encodeLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import type { SigningKey } from "../../../control-plane/keys/signing-key.ts";
import { approvalText, type ApprovedStep } from "../../../shared/trust/approval.ts";
import { encodeSignatureLine } from "../../../shared/trust/signed-note.ts";

/** The lock file with these approvals. @param step what is signed for: the lock itself, where it isn't given */
export function approvedText(
  lock: Lock,
  keys: readonly SigningKey[],
  notAfter: number,
  step: ApprovedStep = lock,
  signedNotAfter = notAfter,
): string {
  const signatures = keys.map((key) => encodeSignatureLine(key.signNote(approvalText(step, signedNotAfter))));
  return encodeLockFile({ ...lock, approvals: { notAfter, signatures } });
}
