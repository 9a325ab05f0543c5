/** The evaluations that a flag can have, made ahead so that evaluating allocates none. */
import type { FlagEntry } from "../document/entry.ts";
import type { ErrorCode, Evaluation, FlagMetadata, Reason } from "./evaluation.ts";

export interface Outcomes {
  readonly named: (variant: string, reason: Reason) => Evaluation;
  /** The variant that targeting named. */
  readonly targeted: (variant: string) => Evaluation;
  readonly byDefault: (reason: Reason) => Evaluation;
  readonly disabled: Evaluation;
  readonly error: (code: ErrorCode, message: string) => Evaluation;
  /** The default variant in place of none, with the reason that there was none. */
  readonly forRoutes: (evaluation: Evaluation) => Evaluation;
}

export function outcomesOf(key: string, entry: FlagEntry, metadata: FlagMetadata): Outcomes {
  const { variants, defaultVariant } = entry;
  const has = (variant: string): boolean => Object.hasOwn(variants, variant);
  const none = (reason: Reason): Evaluation => Object.freeze({ reason, metadata });
  const error = (errorCode: ErrorCode, errorMessage: string): Evaluation =>
    Object.freeze({ reason: "ERROR", errorCode, errorMessage, metadata });
  const named = (variant: string, reason: Reason): Evaluation =>
    has(variant)
      ? Object.freeze({ variant, value: variants[variant]!, reason, metadata })
      : error("GENERAL", `Variant '${variant}' not found in flag with key '${key}'`);
  const byDefault = (reason: Reason): Evaluation => {
    if (defaultVariant !== undefined) return named(defaultVariant, reason);
    // Nothing was decided: the code default applies.
    return none(reason === "DISABLED" ? "DISABLED" : "DEFAULT");
  };

  const targeted = new Map<string, Evaluation>();
  const disabled = none("DISABLED");
  const disabledRoute = byDefault("DISABLED");
  return {
    named,
    byDefault,
    disabled,
    error,
    targeted: (variant) => {
      const known = targeted.get(variant);
      if (known !== undefined) return known;
      const evaluation = named(variant, "TARGETING_MATCH");
      // Rules may compute names without end; only the flag's own are worth keeping.
      if (evaluation.variant !== undefined) targeted.set(variant, evaluation);
      return evaluation;
    },
    forRoutes: (evaluation) => {
      if (evaluation === disabled) return disabledRoute;
      if (evaluation.variant !== undefined || defaultVariant === undefined || !has(defaultVariant)) return evaluation;
      return Object.freeze({ ...evaluation, variant: defaultVariant, value: variants[defaultVariant]! });
    },
  };
}
