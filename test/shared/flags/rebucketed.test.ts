import fc from "fast-check";
import { expect, test } from "vitest";
import { entriesOf, type Entries, type Entry, type EntryKey, type FlagEntry } from "../../../shared/document/entry.ts";
import { rebucket, type Served } from "../../../shared/flags/rebucket.ts";
import { rebucketedFlags } from "../../../shared/flags/rebucketed.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";

const base: FlagEntry = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };

/** Few flags with few differences, so that many of them refer to each other and stay as they were. */
const flag: fc.Arbitrary<FlagEntry> = fc
  .record(
    {
      rollout: fc.constantFrom<NonNullable<FlagEntry["rollout"]>>([["on", 10_000]], [["on", 25_000]], {
        variant: "on",
        steps: [5_000, 100_000],
      }),
      targeting: fc.constantFrom({ if: [{ $ref: "s" }, "on", null] }, { if: [{ $ref: "t" }, "on", null] }),
      prerequisites: fc.constantFrom([{ flag: "a", variants: ["on"] }], [{ flag: "b", variants: ["on"] }]),
      state: fc.constantFrom("ENABLED" as const, "DISABLED" as const),
    },
    { requiredKeys: [] },
  )
  .map((members) => ({ ...base, ...members }));
const rule = fc.constantFrom({ in: ["x", ["y"]] }, { in: ["x", ["z"]] });
const entries: fc.Arbitrary<Entries> = fc
  .record(
    { "flag:a": flag, "flag:b": flag, "flag:c": flag, "segment:s": rule, "segment:t": rule },
    { requiredKeys: [] },
  )
  .map((members) => new Map(Object.entries(members) as [EntryKey, Entry][]));
const overlay: fc.Arbitrary<Overlay> = fc.dictionary(
  fc.constantFrom("a", "b", "c"),
  fc.constantFrom<Overlay[string]>({ kill: true }, { stage: 5 }, { stage: 100 }),
);
/** Two revisions that have most in common. */
const pair: fc.Arbitrary<readonly [Served, Served]> = fc
  .tuple(entries, overlay, entries, overlay, fc.subarray(["flag:a", "flag:b", "segment:s"]), fc.boolean())
  .map(([before, overlay, other, changedOverlay, changed, overlaySame]) => {
    const after = new Map(before);
    for (const key of changed as EntryKey[]) {
      const value = other.get(key);
      if (value === undefined) after.delete(key);
      else after.set(key, value);
    }
    return [
      { entries: before, overlay },
      { entries: after, overlay: overlaySame ? overlay : changedOverlay },
    ] as const;
  });

/** Every flag, whether it can have changed or not. */
function naive(before: Served, after: Served) {
  return Array.from(entriesOf(after.entries, "flag")).flatMap(([name]) => {
    const rebucketing = rebucket(name, before, after);
    if (rebucketing === undefined) return [];
    return rebucketing.moves.length > 0 || rebucketing.othersMayMove ? [{ flag: name, rebucketing }] : [];
  });
}

test("finds every flag that moves somebody, by whatever changed, and no other", () => {
  const property = fc.property(pair, ([before, after]) => {
    expect(rebucketedFlags(before, after)).toEqual(naive(before, after));
  });
  expect(() => fc.assert(property, { numRuns: 2_000 })).not.toThrow();
});

test("a flag that is new or gone moves nobody", () => {
  const one: Served = { entries: new Map([["flag:a", { ...base, rollout: [["on", 10_000]] }]]), overlay: {} };
  const none: Served = { entries: new Map(), overlay: {} };
  expect(rebucketedFlags(none, one)).toEqual([]);
  expect(rebucketedFlags(one, none)).toEqual([]);
});
