/**
 * One flag, compiled: what can be decided when a revision loads is decided then. The order is killed, DISABLED,
 * prerequisites, targeting, rollout, default variant.
 */
import type { FlagEntry, Rollout } from "../document/entry.ts";
import type { Json } from "../encoding/json.ts";
import type { OverlayChange } from "../trust/overlay.ts";
import type { EvaluationContext } from "./context.ts";
import type { Evaluation, FlagMetadata } from "./evaluation.ts";
import { outcomesOf, type Outcomes } from "./outcomes.ts";
import { bucketer, isKilled, sharesOf } from "./rollout.ts";
import type { Value } from "./rule.ts";
import { compileTargeting, type TargetingScope } from "./targeting.ts";
import { textOf } from "./text.ts";

/** `timestamp` is unix seconds; targeting reads it as `$flagd.timestamp`. */
export type Evaluate = (context: EvaluationContext, timestamp: number) => Evaluation;

export interface CompiledFlag {
  readonly key: string;
  /** As OFREP answers. Never throws. */
  readonly evaluate: Evaluate;
  /** As routes need it: a flag that is DISABLED or in ERROR gives its default variant, under that reason. */
  readonly route: Evaluate;
}

/** Whether all of a flag's prerequisites are met. */
export type PrerequisitesMet = (context: EvaluationContext, timestamp: number) => boolean;

export interface FlagSurroundings {
  readonly change: OverlayChange | undefined;
  readonly segment: TargetingScope["segment"];
  readonly metadata: FlagMetadata;
  /** A text says why they can never be evaluated. */
  readonly prerequisites: PrerequisitesMet | string | undefined;
}

export function compileFlag(key: string, entry: FlagEntry, around: FlagSurroundings): CompiledFlag {
  const outcomes = outcomesOf(key, entry, around.metadata);
  const evaluate = compileEvaluate(key, entry, around, outcomes);
  const route: Evaluate = (context, timestamp) => {
    const evaluation = evaluate(context, timestamp);
    return evaluation.variant === undefined ? outcomes.forRoutes(evaluation) : evaluation;
  };
  return { key, evaluate, route };
}

function compileEvaluate(key: string, entry: FlagEntry, around: FlagSurroundings, outcomes: Outcomes): Evaluate {
  if (isKilled(around.change)) return always(outcomes.byDefault("DISABLED"));
  if (entry.state === "DISABLED") return always(outcomes.disabled);

  const dealt = hasRollout(entry) ? compileRollout(key, entry, around.change, outcomes) : undefined;
  const decided = hasTargeting(entry)
    ? compileTargeted(key, entry.targeting, around, outcomes, dealt ?? always(outcomes.byDefault("DEFAULT")))
    : (dealt ?? always(outcomes.byDefault("STATIC")));

  const { prerequisites } = around;
  if (prerequisites === undefined) return decided;
  if (typeof prerequisites === "string") return always(outcomes.error("PARSE_ERROR", prerequisites));
  const unmet = outcomes.byDefault("DEFAULT");
  return (context, timestamp) => (prerequisites(context, timestamp) ? decided(context, timestamp) : unmet);
}

const always =
  (evaluation: Evaluation): Evaluate =>
  () =>
    evaluation;

const hasRollout = (entry: FlagEntry): entry is FlagEntry & { rollout: Rollout } => entry.rollout !== undefined;

/** `{}`, and what has no members, is no targeting. */
const hasTargeting = (entry: FlagEntry): entry is FlagEntry & { targeting: Json } =>
  Object.keys(entry.targeting ?? {}).length > 0;

function compileRollout(
  key: string,
  entry: FlagEntry & { rollout: Rollout },
  change: OverlayChange | undefined,
  outcomes: Outcomes,
): Evaluate {
  const bucketOf = bucketer(key);
  let end = 0;
  const dealt = sharesOf(entry, change).map(([variant, share]) => {
    end += share;
    return { end, evaluation: outcomes.named(variant, "SPLIT") };
  });
  const outside = outcomes.byDefault("SPLIT");
  const skipped = outcomes.byDefault("DEFAULT");
  return ({ targetingKey }) => {
    if (typeof targetingKey !== "string" || targetingKey === "") return skipped;
    const bucket = bucketOf(targetingKey);
    for (let i = 0; i < dealt.length; i++) if (bucket < dealt[i]!.end) return dealt[i]!.evaluation;
    return outside;
  };
}

/** Where targeting names no variant, `otherwise` goes on. */
function compileTargeted(
  key: string,
  rule: Json,
  { segment }: FlagSurroundings,
  outcomes: Outcomes,
  otherwise: Evaluate,
): Evaluate {
  const compiled = compileTargeting(rule, { flagKey: key, segment });
  if (!compiled.ok) {
    const message = `Invalid targeting configuration for flag '${key}': ${compiled.error.message}`;
    return always(outcomes.error("PARSE_ERROR", message));
  }
  const targeting = compiled.value;
  const failed = outcomes.error("GENERAL", `Error evaluating targeting rule for flag '${key}'`);
  return (context, timestamp) => {
    let variant: string | undefined;
    try {
      variant = variantOf(targeting(context, timestamp));
    } catch {
      return failed;
    }
    return variant === undefined ? otherwise(context, timestamp) : outcomes.targeted(variant);
  };
}

/** Rules may also answer true or 1, where variants are named so. */
function variantOf(result: Value): string | undefined {
  if (typeof result === "string") return result;
  return result === null || result === undefined ? undefined : textOf(result);
}
