/** What an evaluation gives, in OpenFeature's words (specification, types: resolution details, reason, error code). */
import type { Json, JsonPrimitive } from "../encoding/json.ts";

export type Reason = "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "ERROR";

/** OpenFeature's, without those that only a client with a connection has. */
export type ErrorCode =
  | "FLAG_NOT_FOUND"
  | "PARSE_ERROR"
  | "TYPE_MISMATCH"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "GENERAL";

export interface FlagMetadata {
  readonly [key: string]: JsonPrimitive;
}

/** Frozen, and shared by every evaluation with the same outcome. */
export interface Evaluation {
  /** Absent together with `value` where the caller's code default applies. */
  readonly variant?: string;
  readonly value?: Json;
  readonly reason: Reason;
  readonly errorCode?: ErrorCode;
  readonly errorMessage?: string;
  /** The flag set's metadata under the flag's own. */
  readonly metadata: FlagMetadata;
}
