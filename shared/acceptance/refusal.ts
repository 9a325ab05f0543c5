/** Every reason for which an edge refuses what Redis gave it. `step` is the place in the order of acceptance. */

/** The codes by step; they appear in a router's health, logs and metrics, and are what tests assert. */
export const refusalSteps = {
  // 1: shape
  head_missing: 1,
  head_too_large: 1,
  head_malformed: 1,
  head_not_canonical: 1,
  checkpoint_malformed: 1,
  statement_malformed: 1,
  // 2: who says so
  origin_mismatch: 2,
  policy_missing: 2,
  policy_unpinned: 2,
  policy_older: 2,
  policy_unsigned: 2,
  policy_invalid: 2,
  log_signature_invalid: 2,
  witnesses_insufficient: 2,
  // 3: how old it is
  freshness_malformed: 3,
  freshness_missing: 3,
  freshness_signature_invalid: 3,
  freshness_in_future: 3,
  stale: 3,
  // 4: where it stands in the log
  release_mismatch: 4,
  older_checkpoint: 4,
  fork: 4,
  below_floor: 4,
  log_too_far_ahead: 4,
  leaves_missing: 4,
  frontier_mismatch: 4,
  inclusion_invalid: 4,
  // 5: what was approved
  revision_out_of_sequence: 5,
  revision_reused: 5,
  statements_missing: 5,
  statements_mismatch: 5,
  approvals_insufficient: 5,
  // 6: what operators did
  overlay_digest_mismatch: 6,
  detail_digest_mismatch: 6,
  overlay_dangling: 6,
  // 7: the content
  snapshot_missing: 7,
  snapshot_too_large: 7,
  snapshot_digest_mismatch: 7,
  snapshot_malformed: 7,
  snapshot_origin_mismatch: 7,
  config_size_mismatch: 7,
  config_root_mismatch: 7,
  // 8: what the deployment allows
  host_not_allowed: 8,
  endpoint_not_allowed: 8,
  binding_not_allowed: 8,
} as const;

export type RefusalCode = keyof typeof refusalSteps;

export interface Refusal {
  readonly code: RefusalCode;
  readonly step: number;
  /** For people: what was wanted, what was found. Never a secret, never a whole value. */
  readonly message: string;
  /** Of a fork: both notes. */
  readonly evidence?: readonly string[];
}

export const refusal = (code: RefusalCode, message: string, evidence?: readonly string[]): Refusal => ({
  code,
  step: refusalSteps[code],
  message,
  ...(evidence === undefined ? {} : { evidence }),
});
