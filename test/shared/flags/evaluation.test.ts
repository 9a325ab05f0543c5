import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, EntryKey, FlagEntry, SettingsEntry } from "../../../shared/document/entry.ts";
import type { Json } from "../../../shared/encoding/json.ts";
import { compileFlags } from "../../../shared/flags/compile.ts";
import type { EvaluationContext } from "../../../shared/flags/context.ts";
import type { Evaluation } from "../../../shared/flags/evaluation.ts";
import type { CompiledFlag } from "../../../shared/flags/flag.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";

const onOff = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" } as const;
const everyone = [["on", 100_000]] as const;
const nobody = [["on", 0]] as const;
const user = { targetingKey: "user-1", staff: true };
const stranger = { targetingKey: "user-1" };
const anonymous = { staff: false };
const staffOn = { if: [{ var: "staff" }, "on", null] };
const codeDefault = { state: "ENABLED", variants: { on: true, off: false } } as const;

function compiled(flags: Record<string, FlagEntry>, overlay: Overlay = {}, more: [EntryKey, Entry][] = []) {
  const entries = new Map<EntryKey, Entry>(more);
  for (const [key, flag] of Object.entries(flags)) entries.set(`flag:${key}`, flag);
  return compileFlags(entries, overlay);
}

const flagOf = (entry: FlagEntry, overlay: Overlay = {}, others: Record<string, FlagEntry> = {}): CompiledFlag =>
  compiled({ flag: entry, ...others }, overlay).get("flag")!;

const killed: Overlay = { flag: { kill: true } };

/** Variant and reason; the code of an error. */
const short = ({ variant, reason, errorCode }: Evaluation): string =>
  [variant ?? "-", reason, ...(errorCode === undefined ? [] : [errorCode])].join(" ");

type Row = readonly [what: string, flag: FlagEntry, context: EvaluationContext, evaluate: string, route: string];

const rows: readonly Row[] = [
  ["nothing but variants", onOff, user, "off STATIC", "off STATIC"],
  ["no default variant", codeDefault, user, "- DEFAULT", "- DEFAULT"],
  ["empty targeting", { ...onOff, targeting: {} }, user, "off STATIC", "off STATIC"],

  ["a rollout to everybody", { ...onOff, rollout: everyone }, user, "on SPLIT", "on SPLIT"],
  ["a rollout to nobody", { ...onOff, rollout: nobody }, user, "off SPLIT", "off SPLIT"],
  ["a rollout, no targeting key", { ...onOff, rollout: everyone }, anonymous, "off DEFAULT", "off DEFAULT"],
  [
    "a rollout, empty targeting key",
    { ...onOff, rollout: everyone },
    { targetingKey: "" },
    "off DEFAULT",
    "off DEFAULT",
  ],
  ["a rollout to nobody, no default variant", { ...codeDefault, rollout: nobody }, user, "- DEFAULT", "- DEFAULT"],

  ["targeting that matches", { ...onOff, targeting: staffOn }, user, "on TARGETING_MATCH", "on TARGETING_MATCH"],
  ["targeting that gives null", { ...onOff, targeting: staffOn }, stranger, "off DEFAULT", "off DEFAULT"],
  [
    "targeting before the rollout",
    { ...onOff, targeting: staffOn, rollout: nobody },
    user,
    "on TARGETING_MATCH",
    "on TARGETING_MATCH",
  ],
  [
    "null goes on to the rollout",
    { ...onOff, targeting: staffOn, rollout: everyone },
    stranger,
    "on SPLIT",
    "on SPLIT",
  ],
  [
    "null, and no targeting key",
    { ...onOff, targeting: staffOn, rollout: everyone },
    anonymous,
    "off DEFAULT",
    "off DEFAULT",
  ],
  [
    "the default variant, named, ends it",
    { ...onOff, targeting: "off", rollout: everyone },
    user,
    "off TARGETING_MATCH",
    "off TARGETING_MATCH",
  ],
  [
    "an unknown variant",
    { ...onOff, targeting: "onn", rollout: everyone },
    user,
    "- ERROR GENERAL",
    "off ERROR GENERAL",
  ],
  [
    "a rule that fails",
    { ...onOff, targeting: { "/": [1, { var: "zero" }] }, rollout: everyone },
    user,
    "- ERROR GENERAL",
    "off ERROR GENERAL",
  ],
  [
    "an unknown operator",
    { ...onOff, targeting: { gone: [] }, rollout: everyone },
    user,
    "- ERROR PARSE_ERROR",
    "off ERROR PARSE_ERROR",
  ],
  [
    "an unknown segment",
    { ...onOff, targeting: { $ref: "gone" } },
    user,
    "- ERROR PARSE_ERROR",
    "off ERROR PARSE_ERROR",
  ],
  ["an error, no default variant", { ...codeDefault, targeting: "onn" }, user, "- ERROR GENERAL", "- ERROR GENERAL"],
  [
    "a boolean for a variant named so",
    { ...onOff, variants: { true: 1, off: 0 }, targeting: { "==": [1, 1] } },
    user,
    "true TARGETING_MATCH",
    "true TARGETING_MATCH",
  ],
  [
    "a variant that every object has",
    { ...onOff, targeting: "constructor" },
    user,
    "- ERROR GENERAL",
    "off ERROR GENERAL",
  ],
  [
    "a default variant that isn't there",
    { ...onOff, defaultVariant: "gone" },
    user,
    "- ERROR GENERAL",
    "- ERROR GENERAL",
  ],

  ["DISABLED", { ...onOff, state: "DISABLED", targeting: "on", rollout: everyone }, user, "- DISABLED", "off DISABLED"],
  ["DISABLED, no default variant", { ...codeDefault, state: "DISABLED" }, user, "- DISABLED", "- DISABLED"],
];

const killedRows: readonly Row[] = [
  ["killed", { ...onOff, targeting: "on", rollout: everyone }, user, "off DISABLED", "off DISABLED"],
  ["killed and DISABLED", { ...onOff, state: "DISABLED" }, user, "off DISABLED", "off DISABLED"],
  ["killed, no default variant", codeDefault, user, "- DISABLED", "- DISABLED"],
  [
    "killed, with targeting that can't be read",
    { ...onOff, targeting: { gone: [] } },
    user,
    "off DISABLED",
    "off DISABLED",
  ],
];

describe("an evaluation, and what routes make of it", () => {
  test.each(rows)("%s", (_, flag, context, evaluate, route) => {
    for (const overlay of [{}, { other: { kill: true } }] as const) {
      const compiled = flagOf(flag, overlay);
      expect([short(compiled.evaluate(context, 0)), short(compiled.route(context, 0))]).toEqual([evaluate, route]);
    }
  });

  test.each(killedRows)("%s", (_, flag, context, evaluate, route) => {
    const compiled = flagOf(flag, killed);
    expect([short(compiled.evaluate(context, 0)), short(compiled.route(context, 0))]).toEqual([evaluate, route]);
  });

  test("has the variant's value, and none without variant", () => {
    expect(flagOf({ ...onOff, rollout: everyone }).evaluate(user, 0)).toHaveProperty("value", true);
    expect(flagOf(onOff, killed).evaluate(user, 0)).toHaveProperty("value", false);
    expect(flagOf({ ...onOff, state: "DISABLED" }).evaluate(user, 0)).not.toHaveProperty("value");
    expect(flagOf({ ...onOff, state: "DISABLED" }).route(user, 0)).toHaveProperty("value", false);
    expect(flagOf({ ...onOff, targeting: "gone" }).route(user, 0)).toHaveProperty("value", false);
  });

  test("is made once for each outcome, and can't be changed", () => {
    const { evaluate, route } = flagOf({ ...onOff, targeting: staffOn, rollout: everyone });
    for (const context of [user, stranger, anonymous]) {
      expect(evaluate(context, 0)).toBe(evaluate({ ...context }, 1));
      expect(route(context, 0)).toBe(evaluate(context, 0));
      expect(Object.isFrozen(evaluate(context, 0))).toBe(true);
    }
  });

  test("names what is wrong with a rule", () => {
    expect(flagOf({ ...onOff, targeting: { ends_wiht: [] } }).evaluate(user, 0).errorMessage).toBe(
      "Invalid targeting configuration for flag 'flag': unknown operator 'ends_wiht'",
    );
  });

  test("begins with the flag set's metadata, under the flag's own", () => {
    const settings: SettingsEntry = { identity: [], metadata: { owner: "platform", tier: 1 } };
    const flags = { flag: { ...onOff, metadata: { owner: "checkout" } }, other: onOff };
    const { get } = compiled(flags, {}, [["settings", settings]]);
    expect(get("flag")!.evaluate(user, 0).metadata).toEqual({ owner: "checkout", tier: 1 });
    expect(get("other")!.evaluate(user, 0).metadata).toEqual({ owner: "platform", tier: 1 });
    expect(flagOf(onOff).evaluate(user, 0).metadata).toEqual({});
  });

  test("takes the time from whoever asks", () => {
    const { evaluate } = flagOf({
      ...onOff,
      targeting: { if: [{ ">=": [{ var: "$flagd.timestamp" }, 100] }, "on", null] },
    });
    expect([short(evaluate(user, 99)), short(evaluate(user, 100))]).toEqual(["off DEFAULT", "on TARGETING_MATCH"]);
  });

  test("never throws, whatever the flag and the context", () => {
    const anything = fc.jsonValue() as fc.Arbitrary<Json>;
    const targeting = fc.oneof(
      anything,
      fc
        .tuple(
          fc.constantFrom(
            "var",
            "if",
            "cat",
            "in",
            "map",
            "reduce",
            "fractional",
            "sem_ver",
            "substr",
            "merge",
            "+",
            "==",
          ),
          anything,
        )
        .map(([operator, args]): Json => ({ [operator]: args })),
    );
    fc.assert(
      fc.property(targeting, fc.dictionary(fc.string(), anything), (rule, context) => {
        const flag = flagOf({ ...onOff, targeting: rule, rollout: everyone });
        expect(["on", "off"]).toContain(flag.route(context as EvaluationContext, 0).variant);
        expect(flag.evaluate(context as EvaluationContext, 0).reason).toBeTypeOf("string");
      }),
      { numRuns: 2_000 },
    );
  });
});
