import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EntryKey } from "../../../shared/document/entry.ts";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { findNotIJson, type Json } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import { configLeafHash } from "../../../shared/merkle/config-leaf.ts";
import { entrySalt, vacantSalt } from "../../../shared/merkle/config-salt.ts";
import {
  applyDelta,
  deltaBetween,
  encodeDelta,
  parseDelta,
  type ConfigTree,
  type Delta,
} from "../../../shared/store/delta.ts";
import { treeOfSnapshot, type Slot, type Snapshot } from "../../../shared/store/snapshot.ts";

const seed = new Uint8Array(32).fill(7);

function slotOf(slot: number, key: Slot["key"], rev: number, value: Json): Slot {
  const salt = key === "" ? vacantSalt(seed, rev, slot) : entrySalt(seed, rev, key);
  return { key, rev, salt: toBase64(salt), leaf: toBase64(configLeafHash(key, salt, value)), value };
}

/** Entry 0 at slot 0 and so on, all of revision 1. */
const snapshotOf = (values: readonly Json[]): Snapshot => ({
  origin: "mesh.example.com/acme/production",
  slots: values.map((value, slot) => slotOf(slot, `flag:${slot}`, 1, value)),
});

const edited = ({ origin, slots }: Snapshot, ...changes: readonly [slot: number, content: Slot][]): Snapshot => {
  const copy = [...slots];
  for (const [slot, content] of changes) copy[slot] = content;
  return { origin, slots: copy };
};

/** Every leaf recomputed: the slow way to a tree. */
function rebuilt(snapshot: Snapshot): ConfigTree {
  const tree = treeOfSnapshot(snapshot);
  if (!tree.ok) throw new Error(`slot ${tree.error.slot}: ${tree.error.code}`);
  return { snapshot, tree: tree.value };
}
const signedOf = ({ tree }: ConfigTree): Parameters<typeof applyDelta>[2] => ({
  configRoot: tree.root,
  configSize: tree.size,
});

/** Over the wire and back. */
function sent(delta: Delta | undefined): Delta {
  const read = parseDelta(encodeDelta(delta!));
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

describe("a delta", () => {
  const from = rebuilt(snapshotOf([1, 2, 3, 4, 5]));
  const to = rebuilt(
    edited(
      from.snapshot,
      [1, slotOf(1, "flag:1", 2, "changed")],
      [3, slotOf(3, "", 2, null)],
      [5, slotOf(5, "flag:new", 2, {})],
    ),
  );
  const delta = sent(deltaBetween(from.snapshot, to.snapshot));

  test("holds the slots that differ, and nothing of the others", () => {
    expect(delta.slots.map(({ slot, key }) => [slot, key])).toEqual([
      [1, "flag:1"],
      [3, ""],
      [5, "flag:new"],
    ]);
    expect(delta.size).toBe(6);
  });

  test("leads from one tree to the other, and leaves the first as it was", () => {
    const before = structuredClone(from);
    expect(applyDelta(from, delta, signedOf(to))).toEqual({ ok: true, value: to });
    expect(from).toEqual(before);
  });

  test("of one entry among 10 000 takes less than 300 bytes", () => {
    const many = snapshotOf(Array.from({ length: 10_000 }, () => true));
    const value = {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      rollout: [["on", 12_500]],
    };
    const next = edited(many, [4_711, slotOf(4_711, "flag:4711", 2, value)]);
    expect(encodeDelta(deltaBetween(many, next)!).length).toBeLessThan(300);
  });

  test("doesn't exist between meshes, or to a smaller tree", () => {
    expect(deltaBetween(from.snapshot, { ...to.snapshot, origin: "mesh.example.com/acme/staging" })).toBeUndefined();
    expect(deltaBetween(to.snapshot, from.snapshot)).toBeUndefined();
  });

  test.each<[string, (slots: Delta["slots"]) => Partial<Delta>]>([
    ["with a value changed", (slots) => ({ slots: slots.with(0, { ...slots[0]!, value: "forged" }) })],
    ["with a key changed", (slots) => ({ slots: slots.with(0, { ...slots[0]!, key: "flag:forged" }) })],
    ["with a salt changed", (slots) => ({ slots: slots.with(0, { ...slots[0]!, salt: slots[1]!.salt }) })],
    ["with a slot moved", (slots) => ({ slots: slots.with(0, { ...slots[0]!, slot: 2 }) })],
    ["with a slot left out", (slots) => ({ slots: slots.slice(1) })],
    ["with a slot added", (slots) => ({ slots: [{ ...slots[0]!, slot: 0 }, ...slots] })],
    ["without the appended slot", (slots) => ({ slots: slots.slice(0, 2) })],
    ["with a gap before the appended slot", (slots) => ({ slots: slots.with(2, { ...slots[2]!, slot: 6 }) })],
    [
      "with an entry removed that was not",
      (slots) => ({ slots: slots.with(0, { ...slots[0]!, key: "", value: null }) }),
    ],
    ["with another size", () => ({ size: 5 })],
    ["of nothing", () => ({ slots: [] })],
  ])("%s doesn't lead to the signed root", (_, change) => {
    const forged = { ...delta, ...change(delta.slots) };
    expect(applyDelta(from, forged, signedOf(to))).toEqual({ ok: false, error: "root_mismatch" });
  });

  test("to the right root is refused where another size is signed", () => {
    const signed = { ...signedOf(to), configSize: 7 };
    expect(applyDelta(from, delta, signed)).toEqual({ ok: false, error: "root_mismatch" });
  });

  test("of another pair of revisions is refused", () => {
    expect(applyDelta(to, delta, signedOf(from))).toEqual({ ok: false, error: "root_mismatch" });
  });
});

/** As JSON.parse gives it: without a negative zero. */
const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => findNotIJson(value) === undefined)
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const edit = fc.record({ at: fc.nat(), what: fc.constantFrom("change", "remove", "add"), value: json });
type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

/** Removals leave vacancies, additions take the lowest or a new slot: as a lock does, told in a few lines. */
function revise(snapshot: Snapshot, edits: readonly Edit[], rev: number): Snapshot {
  const slots = [...snapshot.slots];
  for (const { at, what, value } of edits) {
    const slot = at % Math.max(1, slots.length);
    const vacant = slots.findIndex(({ key }) => key === "");
    const free = vacant === -1 ? slots.length : vacant;
    if (what === "add") slots[free] = slotOf(free, `flag:${rev}-${at}-${free}` satisfies EntryKey, rev, value);
    else if (slots.length > 0 && what === "remove") slots[slot] = slotOf(slot, "", rev, null);
    else if (slots[slot] !== undefined && slots[slot].key !== "")
      slots[slot] = slotOf(slot, slots[slot].key, rev, value);
  }
  return { ...snapshot, slots };
}

describe("after any sequence of edits", () => {
  const revision = fc.array(edit, { maxLength: 6 });

  test("the deltas lead to the tree and the slots that a rebuild gives", () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 40 }), fc.array(revision, { maxLength: 6 }), (start, revisions) => {
        let held = rebuilt(snapshotOf(start));
        for (const [index, edits] of revisions.entries()) {
          const next = rebuilt(revise(held.snapshot, edits, index + 2));
          const applied = applyDelta(held, sent(deltaBetween(held.snapshot, next.snapshot)), signedOf(next));
          expect(applied).toEqual({ ok: true, value: next });
          held = next;
        }
      }),
      { numRuns: 60 },
    );
  });
});

const text = (...rows: readonly Json[]): string => JSON.stringify({ size: 1, slots: rows });

describe("a delta is malformed", () => {
  const salt = toBase64(new Uint8Array(32));
  const row: Json[] = [0, "flag:x", 1, salt, true];

  test("or else it is read", () => {
    expect(parseDelta(text(row)).ok).toBe(true);
  });

  test.each([
    ["that is no JSON", "{"],
    ["that is null", "null"],
    ["that is an array", "[]"],
    ["without a size", `{"slots":[]}`],
    ["with a size that is text", `{"size":"1","slots":[]}`],
    ["with a size of 2^53", `{"size":9007199254740992,"slots":[]}`],
    ["with slots that are an object", `{"size":1,"slots":{}}`],
    ["with another member", `{"other":1,"size":1,"slots":[]}`],
    ["with a slot of four", text(row.slice(0, 4))],
    ["with a slot of six", text([...row, 1])],
    ["with a slot that is null", text(null)],
    ["with a negative slot number", text(row.with(0, -1))],
    ["with half a slot number", text(row.with(0, 0.5))],
    ["with one slot twice", text(row, row)],
    ["with falling slot numbers", text(row.with(0, 1), row)],
    ["with a key of an unknown kind", text(row.with(1, "experiment:x"))],
    ["with a value in a vacant slot", text(row.with(1, ""))],
    ["with revision 0", text(row.with(2, 0))],
    ["with a salt of 31 bytes", text(row.with(3, toBase64(new Uint8Array(31))))],
    ["with half a surrogate pair in a value", text(row.with(4, "\ud800"))],
    ["with an infinite value", text(row).replace("true", "1e400")],
  ])("%s", (_, text) => {
    expect(parseDelta(text)).toEqual({ ok: false, error: "delta_malformed" });
  });

  test("or too large above the snapshot's limit", () => {
    expect(parseDelta(" ".repeat(limits.snapshotBytesMax + 1))).toEqual({ ok: false, error: "delta_too_large" });
  });
});
