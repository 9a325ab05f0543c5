/**
 * flagd's evaluator for JavaScript as an oracle, in the mode it has for edge runtimes: its other mode builds code from
 * rules and gives other results for about one random rule in ten.
 */
import { FlagdCore, MemoryStorage } from "@openfeature/flagd-core";
import type { FlagEntry } from "../../shared/document/entry.ts";
import type { Json } from "../../shared/encoding/json.ts";
import type { EvaluationContext } from "../../shared/flags/context.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };

export interface Observed {
  readonly variant?: string;
  readonly value?: unknown;
  readonly reason?: string;
  readonly errorCode?: string;
  /** Only where it tells which variant was named. */
  readonly notFound?: string;
}

/** What both evaluators say in the same words; the other messages are each one's own. */
export function observed(evaluation: {
  readonly variant?: string | undefined;
  readonly value?: unknown;
  readonly reason?: string;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
}): Observed {
  const { variant, value, reason, errorCode, errorMessage } = evaluation;
  const notFound = errorMessage?.startsWith("Variant ") === true ? errorMessage : undefined;
  return Object.fromEntries(
    Object.entries({ variant, value, reason, errorCode, notFound }).filter(([, member]) => member !== undefined),
  );
}

export function flagdEvaluates(
  flagKey: string,
  flag: Omit<FlagEntry, "rollout" | "prerequisites">,
  context: EvaluationContext,
  segments: { readonly [name: string]: Json } = {},
  mode: "interpreted" | "generated" = "interpreted",
): Observed {
  const flagd = new FlagdCore(undefined, silent, { disableDynamicCodeGeneration: mode === "interpreted" });
  flagd.setConfigurations(JSON.stringify({ flags: { [flagKey]: flag }, $evaluators: segments }));
  return observed(flagd.getFlag(flagKey)!.evaluate(context as never, silent));
}

/** Whether flagd's schema, version 0, takes a flag with this targeting. */
export function isInFlagdSchema(targeting: Json): boolean {
  const flags = { flag: { state: "ENABLED", variants: { on: true }, targeting } };
  try {
    new MemoryStorage(silent).setConfigurations(JSON.stringify({ flags }), true);
    return true;
  } catch {
    return false;
  }
}

/**
 * As `flagdEvaluates`, without two habits of flagd's evaluator that follow from how it prepares rules: see
 * `takingListsWhole` and `hidingConstants`.
 */
export function flagdEvaluatesRule(flagKey: string, flag: FlagEntry, context: EvaluationContext): Observed {
  const targeting = takingListsWhole(flag.targeting ?? {});
  const evaluation = flagdEvaluates(flagKey, { ...flag, targeting }, context);
  if (evaluation.errorCode !== "GENERAL" || evaluation.notFound !== undefined) return evaluation;
  return flagdEvaluates(flagKey, { ...flag, targeting: hidingConstants(targeting) }, context);
}

const hidden = (value: Json): Json => ({ var: ["\u0000nowhere", value] });

/**
 * The same rule, but flagd's evaluator can't compute any of it ahead: it does so when it first meets a rule, and a
 * constant that fails there fails the whole rule, even in a branch that isn't taken.
 */
function hidingConstants(rule: Json): Json {
  if (typeof rule !== "object" || rule === null) return hidden(rule);
  if (Array.isArray(rule)) return (rule as readonly Json[]).map(hidingConstants);
  const [operator] = Object.entries(rule as { readonly [operator: string]: Json });
  if (operator === undefined) return rule;
  const [name, args] = operator;
  const isEmpty = Array.isArray(args) && args.length === 0;
  if (name === "var" || name === "missing_some") return rule;
  if (name === "missing") return isEmpty ? { missing: hidden([]) } : rule;
  if (!isEmpty) return { [name]: hidingConstants(args) };
  // Without arguments these are null.
  return ["if", "?:", "and", "or"].includes(name) ? hidden(null) : { [name]: hidden([]) };
}

/**
 * The same rule, but `!` and `!!` see a list as one value: of a list that a rule brings, flagd's evaluator takes the first
 * member instead, in this mode only. With a second argument it doesn't.
 */
function takingListsWhole(rule: Json): Json {
  if (typeof rule !== "object" || rule === null) return rule;
  if (Array.isArray(rule)) return (rule as readonly Json[]).map(takingListsWhole);
  const [operator] = Object.entries(rule as { readonly [operator: string]: Json });
  if (operator === undefined) return rule;
  const args = takingListsWhole(operator[1]);
  if (operator[0] !== "!" && operator[0] !== "!!") return { [operator[0]]: args };
  return { [operator[0]]: [Array.isArray(args) ? (args as readonly Json[])[0]! : args, null] };
}
