import { expect, test } from "vitest";
import { changesBetween } from "../../../shared/document/entry-changes.ts";
import type { Entries, Entry, EntryKey, FlagEntry } from "../../../shared/document/entry.ts";

const flag: FlagEntry = {
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting: { if: [{ $ref: "staff" }, "on", null] },
  rollout: [["on", 10_000]],
};
const entries = (members: Readonly<Partial<Record<EntryKey, Entry>>>): Entries =>
  new Map(Object.entries(members) as [EntryKey, Entry][]);

test("nothing changed where values are the same, however their keys are ordered", () => {
  const before = entries({ "flag:a": flag });
  const after = entries({ "flag:a": { ...flag, variants: { off: false, on: true } } });
  expect(changesBetween(before, after)).toEqual([]);
});

test("each changed member is told with its place, before and after, and only those", () => {
  const after: FlagEntry = {
    ...flag,
    variants: { on: true, off: false, maybe: "x" },
    defaultVariant: "on",
    metadata: { owner: "shop" },
  };
  expect(changesBetween(entries({ "flag:a": flag }), entries({ "flag:a": after }))).toEqual([
    {
      key: "flag:a",
      kind: "changed",
      members: [
        { path: ["variants", "maybe"], after: "x" },
        { path: ["defaultVariant"], before: "off", after: "on" },
        { path: ["metadata", "owner"], after: "shop" },
      ],
    },
  ]);
});

test("rules and rollouts are told as a whole: a part of them says nothing", () => {
  const after: FlagEntry = {
    ...flag,
    targeting: { if: [{ $ref: "testers" }, "on", null] },
    rollout: { variant: "on", steps: [1_000, 100_000] },
  };
  expect(changesBetween(entries({ "flag:a": flag }), entries({ "flag:a": after }))[0]?.members).toEqual([
    { path: ["targeting"], before: flag.targeting, after: after.targeting },
    { path: ["rollout"], before: flag.rollout, after: after.rollout },
  ]);
});

test("the order of a rollout is a change", () => {
  const [a, b] = [
    {
      ...flag,
      rollout: [
        ["on", 1],
        ["off", 2],
      ],
    },
    {
      ...flag,
      rollout: [
        ["off", 2],
        ["on", 1],
      ],
    },
  ] as [FlagEntry, FlagEntry];
  expect(changesBetween(entries({ "flag:a": a }), entries({ "flag:a": b }))).toHaveLength(1);
});

test("what was added or removed is told in full, sorted by key", () => {
  const before = entries({ "segment:staff": { in: ["a", ["b"]] } });
  const after = entries({ "route:r": { match: { host: "h" }, backend: "b" }, "backend:b": { service: "B" } });
  expect(changesBetween(before, after)).toEqual([
    { key: "backend:b", kind: "added", members: [{ path: ["service"], after: "B" }] },
    {
      key: "route:r",
      kind: "added",
      members: [
        { path: ["match", "host"], after: "h" },
        { path: ["backend"], after: "b" },
      ],
    },
    { key: "segment:staff", kind: "removed", members: [{ path: [], before: { in: ["a", ["b"]] } }] },
  ]);
});

test("a segment's rule is told as a whole", () => {
  const [before, after] = [{ in: [{ var: "email" }, ["a"]] }, { in: [{ var: "email" }, ["b"]] }];
  expect(changesBetween(entries({ "segment:s": before }), entries({ "segment:s": after }))[0]?.members).toEqual([
    { path: [], before, after },
  ]);
});

test("a member that every object has by nature is a member like others", () => {
  const after = { ...flag, metadata: { constructor: "x" } } as unknown as FlagEntry;
  expect(changesBetween(entries({ "flag:a": flag }), entries({ "flag:a": after }))[0]?.members).toEqual([
    { path: ["metadata", "constructor"], after: "x" },
  ]);
});
