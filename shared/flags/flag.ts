/**
 * One flag, compiled: what can be decided when a revision loads is decided then, and every outcome is made ahead of
 * time. The order is killed, DISABLED, prerequisites, targeting, rollout, default variant.
 */
import type { FlagEntry } from "../document/entry.ts";
import type { Json } from "../encoding/json.ts";
import type { OverlayChange } from "../trust/overlay.ts";
import type { EvaluationContext } from "./context.ts";
import type { ErrorCode, Evaluation, FlagMetadata, Reason } from "./evaluation.ts";
import { bucketer, sharesOf, type Share } from "./rollout.ts";
import { compileTargeting, type Targeting } from "./targeting.ts";

/** `timestamp` is unix seconds; targeting reads it as `$flagd.timestamp`. */
export type Evaluate = (context: EvaluationContext, timestamp: number) => Evaluation;

export interface CompiledFlag {
  readonly key: string;
  /** What OFREP answers. Never throws. */
  readonly evaluate: Evaluate;
  /** The same for routes, which need a variant: a flag that is DISABLED or in ERROR gives its default one. */
  readonly route: Evaluate;
}

export interface FlagSurroundings {
  readonly change: OverlayChange | undefined;
  readonly segment: (name: string) => Json | undefined;
  readonly metadata: FlagMetadata;
  /** Whether the flag's prerequisites are met; `undefined` where it has none. */
  readonly prerequisites: ((context: EvaluationContext, timestamp: number) => boolean) | undefined;
}

export function compileFlag(key: string, entry: FlagEntry, around: FlagSurroundings): CompiledFlag {
  const outcomes = outcomesOf(key, entry, around.metadata);
  const evaluate = evaluateOf(key, entry, around, outcomes);
  const route: Evaluate = (context, timestamp) => {
    const evaluation = evaluate(context, timestamp);
    return evaluation.variant === undefined ? outcomes.forRoutes(evaluation) : evaluation;
  };
  return { key, evaluate, route };
}

function evaluateOf(key: string, entry: FlagEntry, around: FlagSurroundings, outcomes: Outcomes): Evaluate {
  if (entry.defaultVariant !== undefined && !Object.hasOwn(entry.variants, entry.defaultVariant)) {
    return always(
      outcomes.error("PARSE_ERROR", `Default variant '${entry.defaultVariant}' is not a variant of flag '${key}'`),
    );
  }
  if (around.change !== undefined && "kill" in around.change) return always(outcomes.byDefault("DISABLED"));
  if (entry.state === "DISABLED") return always(outcomes.disabled);

  const shares = entry.rollout === undefined ? undefined : sharesOf(entry.rollout, around.change);
  const dealt = shares === undefined ? undefined : deal(key, shares, outcomes);
  const targeted = hasTargeting(entry)
    ? target(key, entry.targeting, around, outcomes, dealt ?? always(outcomes.byDefault("DEFAULT")))
    : (dealt ?? always(outcomes.byDefault("STATIC")));

  const { prerequisites } = around;
  if (prerequisites === undefined) return targeted;
  const unmet = outcomes.byDefault("DEFAULT");
  return (context, timestamp) => (prerequisites(context, timestamp) ? targeted(context, timestamp) : unmet);
}

const always =
  (evaluation: Evaluation): Evaluate =>
  () =>
    evaluation;

function deal(flagKey: string, shares: readonly Share[], outcomes: Outcomes): Evaluate {
  const bucketOf = bucketer(flagKey);
  const ends: number[] = [];
  let end = 0;
  for (const [, share] of shares) ends.push((end += share));
  const served = shares.map(([variant]) => outcomes.named(variant, "SPLIT"));
  const outside = outcomes.byDefault("SPLIT");
  const skipped = outcomes.byDefault("DEFAULT");
  return ({ targetingKey }) => {
    if (typeof targetingKey !== "string" || targetingKey === "") return skipped;
    const bucket = bucketOf(targetingKey);
    for (let i = 0; i < ends.length; i++) if (bucket < ends[i]!) return served[i]!;
    return outside;
  };
}

/** As flagd: `{}` and values without members are no targeting. */
const hasTargeting = (entry: FlagEntry): entry is FlagEntry & { targeting: Json } =>
  Object.keys(entry.targeting ?? {}).length > 0;

function target(key: string, rule: Json, around: FlagSurroundings, outcomes: Outcomes, otherwise: Evaluate): Evaluate {
  const compiled = compileTargeting(rule, { flagKey: key, segment: around.segment });
  if (!compiled.ok) return always(outcomes.error("PARSE_ERROR", `Invalid targeting configuration for flag '${key}'`));
  const targeting: Targeting = compiled.value;
  const failed = outcomes.error("GENERAL", `Error evaluating targeting rule for flag '${key}'`);
  return (context, timestamp) => {
    let variant: string | undefined;
    try {
      variant = variantNamed(targeting(context, timestamp));
    } catch {
      return failed;
    }
    return variant === undefined ? otherwise(context, timestamp) : outcomes.matched(variant);
  };
}

/** Rules may answer with a boolean or a number where variants are named "true" or "1". */
function variantNamed(result: Json | undefined): string | undefined {
  if (typeof result === "string") return result;
  return result === null || result === undefined ? undefined : JSON.stringify(result);
}

/** The evaluations that a flag can have. */
interface Outcomes {
  readonly named: (variant: string, reason: Reason) => Evaluation;
  readonly matched: (variant: string) => Evaluation;
  readonly byDefault: (reason: Reason) => Evaluation;
  readonly disabled: Evaluation;
  readonly error: (code: ErrorCode, message: string) => Evaluation;
  readonly forRoutes: (evaluation: Evaluation) => Evaluation;
}

function outcomesOf(key: string, entry: FlagEntry, metadata: FlagMetadata): Outcomes {
  const { variants, defaultVariant } = entry;
  const error = (errorCode: ErrorCode, errorMessage: string): Evaluation =>
    Object.freeze({ reason: "ERROR", errorCode, errorMessage, metadata });
  const named = (variant: string, reason: Reason): Evaluation =>
    Object.hasOwn(variants, variant)
      ? Object.freeze({ variant, value: variants[variant]!, reason, metadata })
      : error("GENERAL", `Variant '${variant}' not found in flag with key '${key}'`);
  const none = (reason: Reason): Evaluation => Object.freeze({ reason, metadata });
  const byDefault = (reason: Reason): Evaluation =>
    defaultVariant === undefined ? none(reason === "DISABLED" ? reason : "DEFAULT") : named(defaultVariant, reason);

  const matches = new Map<string, Evaluation>();
  for (const variant of Object.keys(variants)) matches.set(variant, named(variant, "TARGETING_MATCH"));
  const disabled = none("DISABLED");
  const disabledRoute = byDefault("DISABLED");
  return {
    named,
    matched: (variant) => matches.get(variant) ?? named(variant, "TARGETING_MATCH"),
    byDefault,
    disabled,
    error,
    forRoutes: (evaluation) => {
      if (evaluation === disabled) return disabledRoute;
      if (defaultVariant === undefined || !Object.hasOwn(variants, defaultVariant)) return evaluation;
      return { ...evaluation, variant: defaultVariant, value: variants[defaultVariant]! };
    },
  };
}
