import { describe, expect, test } from "vitest";
import type { Json } from "../../../shared/encoding/json.ts";
import { compileFlags } from "../../../shared/flags/compile.ts";
import type { EvaluationContext } from "../../../shared/flags/context.ts";
import type { Evaluation } from "../../../shared/flags/evaluation.ts";
import { murmur3, murmur3After } from "../../../shared/flags/murmur3.ts";
import { bucketer } from "../../../shared/flags/rollout.ts";
import buckets from "../../vectors/evaluation/buckets.json" with { type: "json" };
import targeting from "../../vectors/evaluation/targeting.json" with { type: "json" };

interface TargetingVector {
  readonly targeting: Json;
  readonly context: EvaluationContext;
  readonly expected: { readonly [member: string]: string };
}

/** What both evaluators say in the same words. */
function told({ variant, reason, errorCode, errorMessage }: Evaluation): TargetingVector["expected"] {
  return {
    ...(variant === undefined ? {} : { variant }),
    reason,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorMessage?.startsWith("Variant ") === true ? { notFound: errorMessage } : {}),
  };
}

describe("the vectors of an implementation in another language", () => {
  test.each(["f", "on", "new", "flag", "flags", "new-checkout", "x", "größe", "旗", "edge", "flag-0"])(
    "have the hashes and buckets of flag %s",
    (flagKey) => {
      const vectors = buckets.filter((vector) => vector.flagKey === flagKey);
      expect(vectors).not.toEqual([]);
      const hashAfter = murmur3After(flagKey);
      const bucketOf = bucketer(flagKey);
      const found = vectors.map(({ targetingKey }) => ({
        flagKey,
        targetingKey,
        hash: hashAfter(targetingKey),
        bucket: bucketOf(targetingKey),
      }));
      expect(found).toEqual(vectors);
      expect(vectors.map(({ targetingKey }) => murmur3(flagKey + targetingKey))).toEqual(
        vectors.map(({ hash }) => hash),
      );
    },
  );
});

describe("the vectors of flagd's evaluator", () => {
  const { flag, cases } = targeting as unknown as {
    readonly flag: {
      readonly flagKey: string;
      readonly variants: Record<string, Json>;
      readonly defaultVariant: string;
    };
    readonly cases: readonly TargetingVector[];
  };
  const { flagKey, variants, defaultVariant } = flag;
  const operators = [...new Set(cases.map(({ targeting }) => Object.keys(targeting as object)[0]!))].sort();

  test("are more than two thousand, and begin with every operator", () => {
    expect(cases.length).toBeGreaterThan(2_000);
    expect(operators.length).toBeGreaterThan(30);
  });

  test.each(operators)("are met by rules of %s", (operator) => {
    const vectors = cases.filter(({ targeting }) => Object.keys(targeting as object)[0] === operator);
    const found = vectors.map(({ targeting, context }): TargetingVector => {
      const entry = { state: "ENABLED", variants, defaultVariant, targeting } as const;
      const flags = compileFlags(new Map([[`flag:${flagKey}`, entry]] as const), {});
      return { targeting, context, expected: told(flags.get(flagKey)!.evaluate(context, 1_800_000_000)) };
    });
    expect(found).toEqual(vectors);
  });
});
