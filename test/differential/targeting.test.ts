import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FlagEntry } from "../../shared/document/entry.ts";
import { createReport } from "../../shared/document/report.ts";
import type { Json } from "../../shared/encoding/json.ts";
import { compileFlags } from "../../shared/flags/compile.ts";
import type { EvaluationContext } from "../../shared/flags/context.ts";
import { checkTargeting } from "../../shared/flags/targeting-check.ts";
import { flagdEvaluates, flagdEvaluatesRule, isInFlagdSchema, observed } from "./flagd.ts";
import { context, rule } from "./rules.ts";

const slow = process.env["FLAGMESH_SLOW"] === "1";
/** `FLAGMESH_SLOW=1`: ten times as many, and other ones every time. */
const runs = slow ? { numRuns: 50_000 } : { numRuns: 5_000, seed: 20_260_101 };
const timeout = slow ? 300_000 : 30_000;
const timestamp = 1_800_000_000;

const variants = { on: true, off: false, true: "yes", false: "no", "1": 1, "": "empty" };

function evaluates(
  flagKey: string,
  flag: FlagEntry,
  context: EvaluationContext,
  segments: { [name: string]: Json } = {},
) {
  const entries = new Map<`flag:${string}` | `segment:${string}`, FlagEntry | Json>([[`flag:${flagKey}`, flag]]);
  for (const [name, segment] of Object.entries(segments)) entries.set(`segment:${name}`, segment);
  return observed(compileFlags(entries, {}).get(flagKey)!.evaluate(context, timestamp));
}

describe("an evaluation gives what flagd's evaluator gives", () => {
  test("for any rule and context", { timeout }, () => {
    fc.assert(
      fc.property(rule, context, (targeting, context) => {
        const flag: FlagEntry = { state: "ENABLED", variants, defaultVariant: "off", targeting };
        expect(evaluates("flag", flag, context)).toEqual(flagdEvaluatesRule("flag", flag, context));
      }),
      runs,
    );
  });

  test("for flags with and without default variant, targeting and targeting key", { timeout }, () => {
    const flag: fc.Arbitrary<FlagEntry> = fc.record(
      {
        state: fc.constant("ENABLED" as const),
        variants: fc.constant(variants),
        defaultVariant: fc.constantFrom("on", "off", "true"),
        targeting: fc.oneof(
          fc.constantFrom<Json>(
            {},
            "on",
            "none",
            { $ref: "everybody" },
            { if: [{ $ref: "adults" }, "on"] },
            null,
            true,
            7,
          ),
          fc.constantFrom<Json>({ $ref: "nowhere" }, { unknown: [1] }, { if: [{ unknown: [] }, "on", "off"] }, []),
          fc
            .array(fc.tuple(fc.constantFrom("on", "off", "gone"), fc.nat(100)), { minLength: 1 })
            .map((buckets) => ({ fractional: buckets })),
        ),
      },
      { requiredKeys: ["state", "variants"] },
    );
    const segments = { everybody: "on", adults: { ">=": [{ var: "age" }, 18] } };
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z-]{1,12}$/), flag, context, (key, flag, context) => {
        expect(evaluates(key, flag, context, segments)).toEqual(flagdEvaluates(key, flag, context, segments));
      }),
      { ...runs, numRuns: runs.numRuns / 2 },
    );
  });

  test("by whole percents, where a rollout is written as a fractional of a hundred thousand", { timeout }, () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z-]{1,12}$/),
        fc.string({ minLength: 1, unit: "grapheme-ascii" }),
        fc.nat(100_000),
        (key, targetingKey, share) => {
          const flag = { state: "ENABLED", variants, defaultVariant: "off" } as const;
          const rolledOut = evaluates(key, { ...flag, rollout: [["on", share]] }, { targetingKey });
          const targeting = {
            fractional: [
              ["on", share],
              ["off", 100_000 - share],
            ],
          };
          expect(rolledOut.variant).toBe(flagdEvaluates(key, { ...flag, targeting }, { targetingKey }).variant);
        },
      ),
      { ...runs, numRuns: runs.numRuns / 2 },
    );
  });
});

test("a rule that flagd's schema takes has no errors, only warnings", { timeout }, () => {
  let taken = 0;
  fc.assert(
    fc.property(rule, (targeting) => {
      if (typeof targeting !== "object" || targeting === null || !isInFlagdSchema(targeting)) return;
      taken++;
      const report = createReport();
      checkTargeting(targeting, [], report);
      expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    }),
    runs,
  );
  expect(taken).toBeGreaterThan(100);
});
