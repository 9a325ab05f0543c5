/**
 * Rotation: the next mesh policy comes into force with a release of its own, which changes nothing else. Whoever holds
 * only the old policy can follow it; the revision in force has to be approved under the new one too, for a router
 * that starts later knows no older.
 */
import { err, ok, type Result } from "../../shared/result.ts";
import { countApprovals } from "../../shared/trust/approval.ts";
import { parseMeshPolicy, type MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { missingForSuccession } from "../../shared/trust/policy-succession.ts";
import { encodeLockFile, parseLockFile } from "../locker/lock-file.ts";
import type { EngineFault } from "./fault.ts";
import type { Content } from "./make-release.ts";
import type { MeshState } from "./mesh-state.ts";

export interface Rotation {
  /** Exact text of the next policy, signed. */
  readonly policy: string;
  /** The lock in force with more approvals; absent: those that it has are enough. */
  readonly lock: string | undefined;
}

export interface ValidRotation {
  readonly policy: MeshPolicy;
  readonly content: Content;
}

/** @param inForce the policy that the newest release is under */
export async function validateRotation(
  { policy: text, lock }: Rotation,
  state: MeshState,
  inForce: MeshPolicy,
): Promise<Result<ValidRotation, EngineFault>> {
  const policy = parseMeshPolicy(text);
  if (!policy.ok) return err({ code: "policy_invalid", message: `the policy can't be used: ${policy.error}` });
  const missing = await missingForSuccession(inForce, policy.value);
  if (missing !== undefined) return err({ code: "policy_unsigned", message: missing });
  const content = contentWith(lock, state);
  if (!content.ok) return content;
  const { threshold, keys } = policy.value.approvers;
  const approved = await countApprovals(content.value.lock, content.value.lock.approvals, keys);
  if (approved < threshold) {
    const message = `revision ${state.statement.revision} has ${approved} of ${threshold} approvals by policy ${policy.value.number}: have its new approvers approve the lock as it is, and send that along`;
    return err({ code: "approvals_insufficient", message });
  }
  return ok({ policy: policy.value, content: content.value });
}

/** The content in force. Only the approvals of its lock may differ. */
function contentWith(lockText: string | undefined, state: MeshState): Result<Content, EngineFault> {
  if (lockText === undefined || lockText === state.lockText) return ok(state);
  const parsed = parseLockFile(lockText);
  if (!parsed.ok) return err({ code: "lock_malformed", message: `line ${parsed.error.line}: ${parsed.error.message}` });
  const { approvals, undo } = state.lock;
  if (encodeLockFile({ ...parsed.value, approvals, undo }) !== state.lockText) {
    const message = `the lock is not the one of revision ${state.statement.revision}, which is in force: only its approvals may differ`;
    return err({ code: "lock_drifted", message });
  }
  return ok({ lock: parsed.value, lockText, snapshot: state.snapshot });
}
