/** Targeting rules: flagd's JsonLogic, compiled into closures. */
import type { Json } from "../encoding/json.ts";
import { err, type Result } from "../result.ts";
import type { EvaluationContext } from "./context.ts";

export type Targeting = (context: EvaluationContext, timestamp: number) => Json | undefined;

export interface TargetingScope {
  readonly flagKey: string;
  /** The rule of a segment, or `undefined` where there is none of that name. */
  readonly segment: (name: string) => Json | undefined;
}

export function compileTargeting(_rule: Json, _scope: TargetingScope): Result<Targeting, "not_yet"> {
  return err("not_yet");
}
