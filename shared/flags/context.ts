/** The evaluation context: who asks, and what is known of them (OpenFeature specification, section 3). */
import { isObject, type Json } from "../encoding/json.ts";
import { err, ok, type Result } from "../result.ts";

export interface EvaluationContext {
  /** The identity that bucketing uses. Empty counts as absent, as in flagd. */
  readonly targetingKey?: string;
  readonly [attribute: string]: Json | undefined;
}

/** A context that came as JSON: an object whose targeting key, where it has one, is a text. */
export function readContext(value: Json): Result<EvaluationContext, "invalid_context"> {
  if (!isObject(value)) return err("invalid_context");
  const key = Object.hasOwn(value, "targetingKey") ? value["targetingKey"] : undefined;
  return key === undefined || typeof key === "string" ? ok(value as EvaluationContext) : err("invalid_context");
}
