/** The evaluation context: who asks, and what is known of them (OpenFeature specification, section 3). */
import type { Json } from "../encoding/json.ts";

export interface EvaluationContext {
  /** The identity that bucketing uses. Empty counts as absent, as in flagd. */
  readonly targetingKey?: string;
  readonly [attribute: string]: Json | undefined;
}
