/** RFC 9457 problem details: one exhaustive switch from what went wrong to what HTTP says. */
import type { EngineFault } from "../engine/fault.ts";

export type ApiFault =
  | EngineFault
  | { readonly code: "unauthorized"; readonly message: string }
  | { readonly code: "entry_unknown" | "not_found" | "bad_request" | "if_match_malformed"; readonly message: string }
  | { readonly code: "body_too_large" | "content_encoding_unsupported"; readonly message: string }
  | { readonly code: "internal"; readonly message: string };

type Status = 400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 422 | 500 | 503;

function statusOf(code: ApiFault["code"]): Status {
  switch (code) {
    case "bad_request":
    case "if_match_malformed":
      return 400;
    case "unauthorized":
      return 401;
    case "approvals_insufficient":
    case "approvals_expired":
    case "policy_unsigned":
      return 403;
    case "mesh_unknown":
    case "nothing_published":
    case "flag_unknown":
    case "release_unknown":
    case "entry_unknown":
    case "not_found":
      return 404;
    case "stale_parent":
    case "conflict":
    case "flag_killed":
      return 409;
    case "precondition_failed":
      return 412;
    case "body_too_large":
    case "snapshot_too_large":
    case "release_too_large":
      return 413;
    case "content_encoding_unsupported":
      return 415;
    case "document_invalid":
    case "lock_missing":
    case "lock_malformed":
    case "lock_conflicted":
    case "lock_drifted":
    case "lock_tampered":
    case "lock_required":
    case "mesh_mismatch":
    case "placement_refused":
    case "overlay_dangling":
    case "stage_unknown":
    case "policy_invalid":
    case "policy_keys_missing":
      return 422;
    case "internal":
      return 500;
    case "store_unreachable":
    case "store_rolled_back":
    case "anchor_behind":
    case "anchor_unavailable":
    case "anchor_damaged":
    case "publish_pending":
      return 503;
  }
}

/** What may be over in a moment, without anybody doing anything. */
const passing: ReadonlySet<ApiFault["code"]> = new Set(["store_unreachable", "publish_pending", "anchor_unavailable"]);
const retryAfterSeconds = 2;

/** Everything a fault carries beside its code and message becomes a member of the problem. */
export function problem(fault: ApiFault): Response {
  const { code, message, ...more } = fault;
  const status = statusOf(code);
  const title = code.replaceAll("_", " ");
  const headers: Record<string, string> = { "content-type": "application/problem+json", "cache-control": "no-store" };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (passing.has(code)) headers["retry-after"] = String(retryAfterSeconds);
  return Response.json({ type: "about:blank", title, status, code, detail: message, ...more }, { status, headers });
}
