/**
 * Targeting rules: JsonLogic with flagd's operators, compiled into closures. Where this and flagd's evaluator for
 * JavaScript differ, docs/evaluation.md says so.
 */
import type { Json, JsonObject } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { EvaluationContext } from "./context.ts";
import { operators } from "./operators.ts";
import { isList, isLiteral, literal, type Rule, type Value } from "./rule.ts";

/** The rule's result; null or `undefined` where it has none. Throws where the rule fails for this context. */
export type Targeting = (context: EvaluationContext, timestamp: number) => Value;

export interface TargetingScope {
  readonly flagKey: string;
  /** The rule of a segment, or `undefined` where there is none of that name. */
  readonly segment: (name: string) => Json | undefined;
}

export interface TargetingFault {
  readonly code: "unknown_operator" | "unknown_segment" | "targeting_too_large" | "targeting_too_deep";
  readonly message: string;
}

/** `{ $ref: segment }` in a rule stands for the segment's rule. */
const referenceName = "$ref";

/** Segments are compiled into the rules that refer to them, and count towards the limits as often as that. */
export function compileTargeting(rule: Json, { flagKey, segment }: TargetingScope): Result<Targeting, TargetingFault> {
  let nodes = 0;
  let depth = 0;
  const compile = (rule: Json): Rule => {
    if (++nodes > limits.targetingNodesMax) throw new Unreadable("targeting_too_large", "the rule is too large");
    if (isLiteral(rule)) return literal(rule);
    if (++depth > limits.targetingDepthMax) throw new Unreadable("targeting_too_deep", "the rule is too deep");
    const compiled = isList(rule) ? compileMembers(rule) : compileOperation(rule as JsonObject);
    depth--;
    return compiled;
  };
  const compileMembers = (members: readonly Json[]): Rule => {
    const rules = members.map(compile);
    return (data, run, above) => rules.map((member) => member(data, run, above)) as Json;
  };
  const compileOperation = (rule: JsonObject): Rule => {
    const [name = "", ...others] = Object.keys(rule);
    const args = rule[name]!;
    if (name === referenceName && others.length === 0 && typeof args === "string") return compileSegment(args);
    const operator = others.length === 0 ? operators.get(name) : undefined;
    if (operator !== undefined) return operator(args, { flagKey, compile });
    throw new Unreadable("unknown_operator", `unknown operator '${[name, ...others].join("', '")}'`);
  };
  const compileSegment = (name: string): Rule => {
    const rule = segment(name);
    if (rule === undefined) throw new Unreadable("unknown_segment", `unknown segment '${name}'`);
    return compile(rule);
  };

  let compiled: Rule;
  try {
    compiled = compile(rule);
  } catch (error) {
    if (error instanceof Unreadable) return err({ code: error.code, message: error.message });
    throw error;
  }
  return ok((context, timestamp) =>
    compiled(context as JsonObject, { context, timestamp, itemsLeft: limits.targetingItemsMax }, undefined),
  );
}

class Unreadable extends Error {
  readonly code: TargetingFault["code"];
  constructor(code: TargetingFault["code"], message: string) {
    super(message);
    this.code = code;
  }
}
