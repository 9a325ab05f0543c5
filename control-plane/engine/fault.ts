/** Why the engine didn't do what it was asked: a closed union, turned into HTTP answers and exit codes in one place each. */
import type { RefusalCode } from "../../shared/acceptance/refusal.ts";
import type { Diagnostic } from "../locker/diagnostic.ts";
import type { AnchorError, AnchoredRelease } from "../publisher/anchor.ts";
import type { PublishFault } from "../publisher/store-fault.ts";
import { summaryOf } from "./release-summary.ts";

/** Who made the newest release, for those who lost a race against it. */
export interface Winner {
  readonly release: number;
  readonly revision: number;
  readonly configRoot: string;
  readonly actor: string;
  readonly time: number;
}

export type EngineFault =
  | { readonly code: "mesh_unknown"; readonly message: string }
  | { readonly code: "nothing_published"; readonly message: string }
  | { readonly code: "flag_unknown"; readonly message: string }
  | { readonly code: "release_unknown"; readonly message: string }
  /** The document has errors; nothing was changed. */
  | { readonly code: "document_invalid"; readonly message: string; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly code: "lock_missing" | "lock_malformed" | "lock_conflicted" | "lock_drifted" | "lock_tampered";
      readonly message: string;
    }
  | { readonly code: "mesh_mismatch"; readonly message: string }
  | { readonly code: "lock_required" | "approvals_insufficient" | "approvals_expired"; readonly message: string }
  | { readonly code: "snapshot_too_large"; readonly message: string }
  /** Statement, overlay or head would be larger than edges read. */
  | { readonly code: "release_too_large"; readonly message: string }
  /** The deployment policy doesn't allow it: every router would refuse it. */
  | { readonly code: "placement_refused"; readonly refusal: RefusalCode; readonly message: string }
  | { readonly code: "overlay_dangling"; readonly message: string }
  | { readonly code: "stage_unknown"; readonly message: string }
  | { readonly code: "policy_invalid" | "policy_unsigned" | "policy_keys_missing"; readonly message: string }
  /** A killed flag isn't moved to another stage: that would bring it back. */
  | { readonly code: "flag_killed"; readonly message: string }
  /** The lock was made on another revision than the newest. */
  | { readonly code: "stale_parent"; readonly message: string; readonly winner: Winner }
  | { readonly code: "conflict"; readonly message: string; readonly winner: Winner }
  /** If-Match names another release than the newest; there is no winner where nothing is published. */
  | { readonly code: "precondition_failed"; readonly message: string; readonly winner?: Winner }
  /** What was asked may have been done: the log tells. */
  | { readonly code: AnchorError["code"]; readonly message: string }
  | Exclude<PublishFault, { code: "conflict" }>;

export function faultOf(fault: PublishFault): EngineFault {
  if (fault.code !== "conflict") return fault;
  const winner = winnerOf(fault.winner);
  return { code: "conflict", message: `release ${winner.release} came first, by ${winner.actor}`, winner };
}

export function winnerOf(newest: AnchoredRelease): Winner {
  const { release, revision, configRoot, actor, time } = summaryOf(newest);
  return { release, revision, configRoot, actor, time };
}
