import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everybody, type Entry, type EntryKey, type FlagEntry, type Rollout } from "../../../shared/document/entry.ts";
import { rebucket, rebucketingText, type Served, type ServedVariant } from "../../../shared/flags/rebucket.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";

const onOff = { state: "ENABLED", variants: { on: true, off: false, third: 3 }, defaultVariant: "off" } as const;
const rolledOut = (...rollout: readonly (readonly [string, number])[]): FlagEntry => ({ ...onOff, rollout });
const plan: FlagEntry = { ...onOff, rollout: { variant: "on", steps: [1_000, 5_000, 100_000] } };
const staffOn = { if: [{ $ref: "staff" }, "on", null] };

const served = (flag: FlagEntry, overlay: Overlay = {}, more: Record<string, Entry> = {}): Served => ({
  entries: new Map<EntryKey, Entry>([["flag:new-checkout", flag], ...(Object.entries(more) as [EntryKey, Entry][])]),
  overlay,
});

const told = (before: Served, after: Served): string =>
  rebucketingText("new-checkout", rebucket("new-checkout", before, after)!);

const { defaultVariant: _, ...withoutDefault } = rolledOut(["on", 10_000]);
const disabled: FlagEntry = { ...rolledOut(["on", 10_000]), state: "DISABLED" };
const kill: Overlay = { "new-checkout": { kill: true } };

const texts: readonly (readonly [what: string, before: Served, after: Served, text: string])[] = [
  [
    "a ramp",
    served(rolledOut(["on", 10_000])),
    served(rolledOut(["on", 25_000])),
    "on 10 % → 25 %: 15 % move off→on, 0 % move otherwise",
  ],
  ["nothing", served(rolledOut(["on", 10_000])), served(rolledOut(["on", 10_000])), "0 % move otherwise"],
  [
    "a ramp down by thousandths",
    served(rolledOut(["on", 32_784])),
    served(rolledOut(["on", 1])),
    "on 32.784 % → 0.001 %: 32.783 % move on→off, 0 % move otherwise",
  ],
  [
    "another order, which moves users though no share changes",
    served(rolledOut(["on", 10_000], ["third", 10_000])),
    served(rolledOut(["third", 10_000], ["on", 10_000])),
    "10 % move on→third, 10 % move third→on, 0 % move otherwise",
  ],
  [
    "another default variant",
    served(rolledOut(["on", 10_000])),
    served({ ...rolledOut(["on", 10_000]), defaultVariant: "third" }),
    "off 90 % → 0 %, third 0 % → 90 %: 90 % move off→third, 0 % move otherwise",
  ],
  [
    "a code default",
    served(rolledOut(["on", 10_000])),
    served(withoutDefault),
    "off 90 % → 0 %, code default 0 % → 90 %: 90 % move off→code default, 0 % move otherwise",
  ],
  [
    "a first rollout",
    served(onOff),
    served(rolledOut(["on", 500])),
    "on 0 % → 0.5 %: 0.5 % move off→on, 0 % move otherwise",
  ],
  ["a kill", served(plan), served(plan, kill), "on 1 % → 0 %: 1 % move on→off, 0 % move otherwise"],
  [
    "a stage",
    served(plan),
    served(plan, { "new-checkout": { stage: 5 } }),
    "on 1 % → 5 %: 4 % move off→on, 0 % move otherwise",
  ],
  [
    "DISABLED",
    served(rolledOut(["on", 10_000])),
    served(disabled),
    "on 10 % → 0 %: 10 % move on→off, 0 % move otherwise",
  ],
  [
    "a ramp under targeting that stays",
    served({ ...rolledOut(["on", 0]), targeting: staffOn }, {}, { "segment:staff": true }),
    served({ ...rolledOut(["on", 10_000]), targeting: staffOn }, {}, { "segment:staff": true }),
    "on 0 % → 10 %: 10 % move off→on, 0 % move otherwise, of those whom targeting and prerequisites leave to the rollout",
  ],
  [
    "a segment of the targeting",
    served({ ...onOff, targeting: staffOn }, {}, { "segment:staff": { $ref: "team" }, "segment:team": true }),
    served({ ...onOff, targeting: staffOn }, {}, { "segment:staff": { $ref: "team" }, "segment:team": false }),
    "0 % move otherwise, of those whom targeting and prerequisites leave to the rollout; what decides before the rollout changed: others may move too",
  ],
  [
    "a kill of a flag with targeting",
    served({ ...plan, targeting: staffOn }),
    served({ ...plan, targeting: staffOn }, kill),
    "on 1 % → 0 %: 1 % move on→off, 0 % move otherwise, of those whom targeting and prerequisites leave to the rollout; what decides before the rollout changed: others may move too",
  ],
];

describe("the shares that a change re-buckets", () => {
  test.each(texts)("%s", (_, before, after, text) => {
    expect(told(before, after)).toBe(`new-checkout: ${text}`);
  });

  test("are pairs of variants, in the order of the buckets", () => {
    const before = served(rolledOut(["on", 10_000]));
    const after = served(rolledOut(["third", 5_000], ["on", 10_000]));
    expect(rebucket("new-checkout", before, after)).toEqual({
      shares: [{ variant: "third", before: 0, after: 5_000 }],
      moves: [
        { from: "on", to: "third", share: 5_000 },
        { from: "off", to: "on", share: 5_000 },
      ],
      of: "everybody",
      othersMayMove: false,
    });
  });

  test("don't exist for a flag that one of the revisions lacks", () => {
    const without: Served = { entries: new Map(), overlay: {} };
    expect(rebucket("new-checkout", served(onOff), without)).toBeUndefined();
    expect(rebucket("new-checkout", without, served(onOff))).toBeUndefined();
  });

  test.each<readonly [what: string, othersMayMove: boolean, change: Partial<Served>]>([
    ["nothing", false, {}],
    ["its rollout", true, { entries: served(plan, {}, { "flag:parent": rolledOut(["on", 5]) }).entries }],
    ["its metadata", false, { entries: served(plan, {}, { "flag:parent": { ...onOff, metadata: { a: 1 } } }).entries }],
    ["its targeting", true, { entries: served(plan, {}, { "flag:parent": { ...onOff, targeting: "on" } }).entries }],
    ["its stage", true, { overlay: { parent: { kill: true } } }],
    ["another flag", false, { overlay: { other: { kill: true } } }],
  ])("leave others where of a prerequisite %s changes: %s", (_, othersMayMove, change) => {
    const child: FlagEntry = { ...plan, prerequisites: [{ flag: "parent", variants: ["on"] }] };
    const before = served(child, {}, { "flag:parent": onOff });
    const entries = new Map([...(change.entries ?? before.entries), ["flag:new-checkout", child] as const]);
    const after: Served = { entries, overlay: change.overlay ?? {} };
    expect(rebucket("new-checkout", before, after)).toMatchObject({ of: "rollout", othersMayMove });
  });

  test("are what counting every bucket gives", () => {
    const rollout: fc.Arbitrary<Rollout> = fc
      .array(fc.tuple(fc.constantFrom("on", "off", "third"), fc.integer({ min: 0, max: 40_000 })), { maxLength: 4 })
      .filter((shares) => shares.reduce((sum, [, share]) => sum + share, 0) <= everybody);
    fc.assert(
      fc.property(rollout, rollout, (from, to) => {
        const counts = new Map<string, number>();
        for (let bucket = 0; bucket < everybody; bucket++) {
          const move = `${variantAt(from, bucket)}→${variantAt(to, bucket)}`;
          counts.set(move, (counts.get(move) ?? 0) + 1);
        }
        const { moves } = rebucket(
          "new-checkout",
          served({ ...onOff, rollout: from }),
          served({ ...onOff, rollout: to }),
        )!;
        const moving = [...counts].filter(([move]) => new Set(move.split("→")).size === 2);
        expect(new Map(moves.map((move) => [`${move.from}→${move.to}`, move.share]))).toEqual(new Map(moving));
      }),
      { numRuns: 40 },
    );
  });
});

function variantAt(rollout: Rollout, bucket: number): ServedVariant {
  let end = 0;
  for (const [variant, share] of rollout as readonly (readonly [string, number])[]) {
    end += share;
    if (bucket < end) return variant;
  }
  return "off";
}
