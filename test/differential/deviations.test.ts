/** Where flagd's evaluator for JavaScript is not followed. docs/evaluation.md gives the reasons; a row here for each. */
import { describe, expect, test } from "vitest";
import type { FlagEntry } from "../../shared/document/entry.ts";
import type { Json } from "../../shared/encoding/json.ts";
import { compileFlags } from "../../shared/flags/compile.ts";
import type { EvaluationContext } from "../../shared/flags/context.ts";
import { flagdEvaluates, observed, type Observed } from "./flagd.ts";

const variants = { on: 1, off: 0, true: 2, false: 3, "0": 4 };

/** The variant, or the code of the error. */
const short = ({ variant, errorCode }: Observed): string => variant ?? errorCode ?? "-";

function results(targeting: Json, context: EvaluationContext, segments: { readonly [name: string]: Json }) {
  const flag: FlagEntry = { state: "ENABLED", variants, defaultVariant: "off", targeting };
  const entries = new Map<`flag:${string}` | `segment:${string}`, FlagEntry | Json>([["flag:flag", flag]]);
  for (const [name, segment] of Object.entries(segments)) entries.set(`segment:${name}`, segment);
  return {
    ours: short(observed(compileFlags(entries, {}).get("flag")!.evaluate(context, 0))),
    interpreted: short(flagdEvaluates("flag", flag, context, segments, "interpreted")),
    generated: short(flagdEvaluates("flag", flag, context, segments, "generated")),
  };
}

interface Deviation {
  readonly what: string;
  readonly targeting: Json;
  readonly context?: EvaluationContext;
  readonly segments?: { readonly [name: string]: Json };
  readonly ours: string;
  readonly interpreted: string;
  readonly generated: string;
}

const endsIn = (edge: string): Json => ({ ends_with: [{ var: "" }, edge] });

const deviations: readonly Deviation[] = [
  {
    what: "flagd's operators work within loops",
    targeting: { if: [{ some: [{ var: "emails" }, endsIn("@acme.com")] }, "on", "off"] },
    context: { emails: ["ann@example.org", "ann@acme.com"] },
    ours: "on",
    interpreted: "GENERAL",
    generated: "GENERAL",
  },
  {
    what: "what every object inherits is no attribute",
    targeting: { if: [{ var: "constructor.name" }, "on", "off"] },
    ours: "off",
    interpreted: "on",
    generated: "on",
  },
  {
    what: "a constant that fails, in a branch that isn't taken, fails nothing",
    targeting: { if: [{ var: "beta" }, { "/": [1, 0] }, "on"] },
    ours: "on",
    interpreted: "GENERAL",
    generated: "PARSE_ERROR",
  },
  {
    what: "a list is true where it has members, whatever the first one",
    targeting: { if: [{ "!!": { var: "scores" } }, "on", "off"] },
    context: { scores: [0, 5] },
    ours: "on",
    interpreted: "off",
    generated: "on",
  },
  {
    what: "a path through 0 leads nowhere",
    targeting: { if: [{ "===": [{ var: "user.age" }, null] }, "on", "off"] },
    context: { user: 0 },
    ours: "on",
    interpreted: "off",
    generated: "on",
  },
  {
    what: "an empty text has a length",
    targeting: { if: [{ all: [{ var: "names" }, { "===": [{ var: "length" }, 0] }] }, "on", "off"] },
    context: { names: [""] },
    ours: "on",
    interpreted: "off",
    generated: "on",
  },
  {
    what: "a loop over what is no list fails",
    targeting: { if: [{ all: [{ var: "roles" }, false] }, "on", "off"] },
    context: { roles: { admin: true } },
    ours: "GENERAL",
    interpreted: "on",
    generated: "GENERAL",
  },
  {
    what: "a reduction that adds up begins with its start",
    targeting: { reduce: [{ var: "none" }, { "+": [{ var: "accumulator" }, { var: "current" }] }, "on"] },
    ours: "on",
    interpreted: "GENERAL",
    generated: "on",
  },
  {
    what: "texts compare as texts, however many",
    targeting: { if: [{ "<": ["a", "b", { var: "c" }, "d"] }, "on", "off"] },
    context: { c: "c" },
    ours: "on",
    interpreted: "GENERAL",
    generated: "on",
  },
  {
    what: "a null adds nothing to a text",
    targeting: { cat: ["o", { var: "gone" }, "n"] },
    ours: "on",
    interpreted: "on",
    generated: "GENERAL",
  },
  {
    what: "a value that is null is there",
    targeting: { if: [{ "===": [{ var: ["level", 1] }, null] }, "on", "off"] },
    context: { level: null },
    ours: "on",
    interpreted: "on",
    generated: "off",
  },
  {
    what: "0 is null whichever comes first",
    targeting: { "==": [0, { var: "gone" }] },
    ours: "true",
    interpreted: "true",
    generated: "false",
  },
  {
    what: "a text that is no number equals no number, and fails",
    targeting: { "==": [1, { var: "level" }] },
    context: { level: "high" },
    ours: "GENERAL",
    interpreted: "GENERAL",
    generated: "false",
  },
  {
    what: "operators that flagd's schema doesn't have are unknown",
    targeting: { "??": [{ var: "gone" }, "on"] },
    ours: "PARSE_ERROR",
    interpreted: "on",
    generated: "on",
  },
  {
    what: "a segment may refer to one that is defined before it",
    targeting: { $ref: "second" },
    segments: { first: "on", second: { $ref: "first" } },
    ours: "on",
    interpreted: "PARSE_ERROR",
    generated: "PARSE_ERROR",
  },
  {
    what: "a targeting key outside ASCII is hashed as UTF-8",
    targeting: {
      fractional: [
        ["on", 1],
        ["off", 1],
      ],
    },
    context: { targetingKey: "ü" },
    ours: "on",
    interpreted: "off",
    generated: "off",
  },
  {
    what: "a targeting key that is no text deals nothing",
    targeting: { fractional: [["on", 1]] },
    context: { targetingKey: 5 as unknown as string },
    ours: "off",
    interpreted: "on",
    generated: "on",
  },
];

describe("unlike flagd's evaluator for JavaScript, or one of its two modes,", () => {
  test.each(deviations)("$what", ({ targeting, context = {}, segments = {}, ours, interpreted, generated }) => {
    expect(results(targeting, context, segments)).toEqual({ ours, interpreted, generated });
  });
});
