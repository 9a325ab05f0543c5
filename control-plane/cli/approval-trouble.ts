/** Why nothing was signed, in words, and the exit code of each reason. */
import type { ApprovalRefusal } from "../locker/approve-lock.ts";
import type { LockRefusal } from "../locker/lock.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName } from "./lock-file-on-disk.ts";
import { momentText } from "./moment.ts";
import type { Trouble } from "./say.ts";

export type ApproveRefusal =
  | ApprovalRefusal
  | LockRefusal
  | { readonly code: "undo_mismatch" | "nothing_to_undo" | "parent_missing" };

export function approvalTrouble(refusal: ApproveRefusal): Trouble & { readonly exit: ExitCode } {
  const { code } = refusal;
  const exit = exitCodes.refused;
  switch (code) {
    case "not_after_differs": {
      const message = `whoever signed before chose ${momentText(refusal.found)}, and all must sign the same text; you asked for ${momentText(refusal.wanted)}`;
      return { exit, code, message, hint: "leave the time out, or drop the others' signatures with --anew" };
    }
    case "approvals_expired": {
      const message = `the signatures that are there ended at ${momentText(refusal.notAfter)}`;
      return { exit: exitCodes.notApproved, code, message, hint: "--anew drops them, and begins with yours" };
    }
    case "too_many_signatures":
      return { exit, code, message: `${lockFileName} carries ${refusal.max} signatures, and can carry no more` };
    case "undo_mismatch": {
      const message = `the undo in ${lockFileName} doesn't restore what this revision replaced`;
      return { exit: exitCodes.tampered, code, message, hint: "git restore flagmesh.lock, or drop it with --anew" };
    }
    case "nothing_to_undo":
      return { exit, code, message: "a first revision replaces nothing that could be restored" };
    case "parent_missing": {
      const message =
        "the revision before is at hand neither at the control plane nor in git, so its return can't be signed";
      return { exit, code, message, hint: "pass --url and --token, or work in the git repository that has it" };
    }
    case "snapshot_too_large":
    case "lock_too_large":
      return { exit, code, message: `the undo takes more than ${refusal.bytesMax} bytes` };
    case "origin_changed":
    case "previous_tampered":
      throw new Error(`a verified lock can't be followed: ${code}`);
  }
}
