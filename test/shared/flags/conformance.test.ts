/** Outcomes that flagd's conformance suite for evaluators asks for (`fractional` version 2), over flags written anew. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../shared/encoding/json.ts";
import { compileFlags } from "../../../shared/flags/compile.ts";

const suits = ["clubs", "diamonds", "hearts", "spades"];
const quarters: readonly Json[] = suits.map((suit) => [suit, 25]);
const named = { var: "user.name" };
const premium = { "==": [{ var: "tier" }, "premium"] };
const version = { var: "version" };

const rules: Readonly<Record<string, Json>> = {
  "fractional-flag": { fractional: [{ cat: [{ var: "$flagd.flagKey" }, named] }, ...quarters] },
  "fractional-flag-shorthand": { fractional: [["heads"], ["tails", 1]] },
  "shared-seed": { fractional: [{ cat: ["shared-seed", named] }, ...quarters] },
  halves: { fractional: [{ var: "targetingKey" }, ["lower", 50], ["upper", 50]] },
  "computed-variant": {
    fractional: [{ var: "targetingKey" }, [{ if: [premium, "premium", "standard"] }, 50], ["standard", 50]],
  },
  "computed-weight": { fractional: [{ var: "targetingKey" }, ["red", { if: [premium, 100, 0] }], ["blue", 10]] },
  condition: {
    if: [
      {
        fractional: [
          [false, 0],
          [true, 100],
        ],
      },
      "big",
      "small",
    ],
  },
  relations: {
    if: [
      { sem_ver: [version, "=", "2.0.0"] },
      "equal",
      {
        if: [
          { sem_ver: [version, ">", "2.0.0"] },
          "greater",
          { if: [{ sem_ver: [version, "<", "2.0.0"] }, "lesser", "none"] },
        ],
      },
    ],
  },
  ranges: {
    if: [
      { sem_ver: [version, "~", "3.0.0"] },
      "minor",
      { if: [{ sem_ver: [version, "^", "3.0.0"] }, "major", "none"] },
    ],
  },
  prefixed: { if: [{ sem_ver: [version, "=", "v1.0.0"] }, "match", "none"] },
  partial: { if: [{ sem_ver: [version, "^", "1"] }, "match", "none"] },
  edges: {
    if: [
      { starts_with: [{ var: "id" }, "abc"] },
      "prefix",
      { if: [{ ends_with: [{ var: "id" }, "xyz"] }, "postfix", "none"] },
    ],
  },
};

const names = (...pairs: readonly (readonly [name: string, outcome: string])[]): readonly [Json, string][] =>
  pairs.map(([name, outcome]) => [{ user: { name } }, outcome]);
const keys = (
  ...pairs: readonly (readonly [targetingKey: string, outcome: string, tier?: string])[]
): readonly [Json, string][] =>
  pairs.map(([targetingKey, outcome, tier]) => [{ targetingKey, ...(tier === undefined ? {} : { tier }) }, outcome]);
const having = (
  name: string,
  ...pairs: readonly (readonly [value: string, outcome: string])[]
): readonly [Json, string][] => pairs.map(([value, outcome]) => [{ [name]: value }, outcome]);

const outcomes: Readonly<Record<string, readonly (readonly [context: Json, variant: string])[]>> = {
  "fractional-flag": names(
    ["jack", "hearts"],
    ["queen", "spades"],
    ["ten", "clubs"],
    ["nine", "diamonds"],
    ["3", "clubs"],
  ),
  "fractional-flag-shorthand": keys(["jon@company.com", "heads"], ["jane@company.com", "tails"]),
  "shared-seed": names(["seven", "hearts"], ["eight", "diamonds"], ["nine", "clubs"], ["two", "spades"]),
  halves: keys(["ejOoVL", "lower"], ["bY9fO-", "lower"], ["SI7p-", "lower"], ["6LvT0", "upper"], ["ceQdGm", "upper"]),
  "computed-variant": keys(
    ["jon@company.com", "premium", "premium"],
    ["jon@company.com", "standard", "basic"],
    ["user1", "standard", "premium"],
  ),
  "computed-weight": keys(
    ["jon@company.com", "red", "premium"],
    ["jon@company.com", "blue", "basic"],
    ["user1", "red", "premium"],
  ),
  condition: keys(["some-targeting-key", "big"]),
  relations: having(
    "version",
    ["2.0.0", "equal"],
    ["2.1.0", "greater"],
    ["1.9.0", "lesser"],
    ["2.0.0-alpha", "lesser"],
    ["2.0.0.0", "none"],
  ),
  ranges: having("version", ["3.0.1", "minor"], ["3.1.0", "major"], ["4.0.0", "none"]),
  prefixed: having("version", ["1.0.0", "match"], ["v1.0.0", "match"], ["2.0.0", "none"]),
  partial: having("version", ["1.5.0", "match"], ["1.0.0", "match"], ["2.0.0", "none"]),
  edges: having("id", ["abcdef", "prefix"], ["uvwxyz", "postfix"], ["abcxyz", "prefix"], ["lmnopq", "none"]),
};

describe.each(Object.entries(outcomes))("flagd's conformance suite: %s", (flagKey, asked) => {
  const variants = Object.fromEntries(asked.map(([, variant]) => [variant, variant]));
  const flag = { state: "ENABLED", variants, targeting: rules[flagKey]! } as const;
  const { evaluate } = compileFlags(new Map([[`flag:${flagKey}`, flag]] as const), {}).get(flagKey)!;

  test.each(asked)("%j gets %s", (context, variant) => {
    expect(evaluate(context as { readonly [attribute: string]: Json }, 0)).toMatchObject({
      variant,
      reason: "TARGETING_MATCH",
    });
  });
});
