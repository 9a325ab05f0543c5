/** Why the engine didn't do what it was asked: a closed union, turned into HTTP answers and exit codes in one place each. */
import type { RefusalCode } from "../../shared/acceptance/refusal.ts";
import type { Diagnostic } from "../locker/diagnostic.ts";
import type { PublishFault } from "../publisher/publisher.ts";

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
  /** The deployment policy doesn't allow it: every router would refuse it. */
  | { readonly code: "placement_refused"; readonly refusal: RefusalCode; readonly message: string }
  | { readonly code: "overlay_dangling"; readonly message: string }
  | { readonly code: "stage_unknown"; readonly message: string }
  /** The lock was made on another revision than the newest. */
  | { readonly code: "stale_parent"; readonly message: string; readonly winner: Winner }
  | { readonly code: "conflict"; readonly message: string; readonly winner: Winner }
  /** If-Match names another release than the newest. */
  | { readonly code: "precondition_failed"; readonly message: string; readonly winner: Winner }
  | Exclude<PublishFault, { code: "conflict" }>;
