import { describe, expect, test } from "vitest";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import {
  encodeSnapshot,
  entriesOfSnapshot,
  parseSnapshot,
  treeOfSnapshot,
  type Snapshot,
} from "../../../shared/store/snapshot.ts";
import { configTreeVectors } from "../../vectors/config-tree/load.ts";

const parsed = (text: string): Snapshot => {
  const snapshot = parseSnapshot(text);
  if (!snapshot.ok) throw new Error(snapshot.error);
  return snapshot.value;
};

describe.each(configTreeVectors)("the snapshot of %s", (_, vector) => {
  const snapshot = parsed(vector.snapshot);

  test("reads back to the reference's bytes, one line with the stated digest", () => {
    expect(encodeSnapshot(snapshot)).toBe(vector.snapshot);
    expect(vector.snapshot).not.toContain("\n");
    expect(digestOf(vector.snapshot)).toBe(vector.snapshotDigest);
    expect(canonicalJson(JSON.parse(vector.snapshot) as Json)).toBe(vector.snapshot);
  });

  test("has the reference's root and size, every leaf recomputed", () => {
    const tree = treeOfSnapshot(snapshot);
    expect(tree.ok && [tree.value.size, toBase64(tree.value.root)]).toEqual([vector.size, vector.root]);
  });

  test("gives the entries without the vacancies", () => {
    const wanted = vector.slots.filter(({ key }) => key !== "").map(({ key, value }) => [key, value]);
    expect([...entriesOfSnapshot(snapshot)]).toEqual(wanted);
  });
});

const { snapshot: text } = configTreeVectors.find(([name]) => name === "two-vacancies")![1];
const occupied = parsed(text).slots.findIndex(({ key }) => key !== "");
const vacant = parsed(text).slots.findIndex(({ key }) => key === "");

/** The snapshot's text after a change of one slot's row `[key, rev, salt, leaf, value]`. */
function withRow(slot: number, change: (row: Json[]) => Json): string {
  const snapshot = JSON.parse(text) as { slots: Json[] };
  snapshot.slots[slot] = change(snapshot.slots[slot] as Json[]);
  return JSON.stringify(snapshot);
}
const withField = (slot: number, field: number, value: Json): string => withRow(slot, (row) => row.with(field, value));

describe("a snapshot is malformed", () => {
  test.each([
    ["that is no JSON", "{"],
    ["that is an array", "[]"],
    ["that is null", "null"],
    ["without an origin", `{"slots":[]}`],
    ["with an origin that is a number", `{"origin":1,"slots":[]}`],
    ["with slots that are an object", `{"origin":"a/b/c","slots":{}}`],
    ["with another member", `{"origin":"a/b/c","other":1,"slots":[]}`],
    ["with a slot that is an object", withRow(0, () => ({}))],
    ["with a slot of four", withRow(0, (row) => row.slice(0, 4))],
    ["with a slot of six", withRow(0, (row) => [...row, null])],
    ["with a key of an unknown kind", withField(occupied, 0, "experiment:x")],
    ["with a key of no kind", withField(occupied, 0, "x")],
    ["with a kind without a name", withField(occupied, 0, "flag:")],
    ["with a key that is too long", withField(occupied, 0, `segment:${"x".repeat(limits.keyCharsMax + 1)}`)],
    ["with a key that is a number", withField(occupied, 0, 1)],
    ["with half a surrogate pair in a key", withField(occupied, 0, "flag:\ud800")],
    [
      "with one key twice",
      withField(occupied, 0, parsed(text).slots.find(({ key }, i) => key !== "" && i !== occupied)!.key),
    ],
    ["with a value in a vacant slot", withField(vacant, 4, {})],
    ["with revision 0", withField(occupied, 1, 0)],
    ["with a revision of 2^53", withField(occupied, 1, 2 ** 53)],
    ["with half a revision", withField(occupied, 1, 1.5)],
    ["with a revision that is text", withField(occupied, 1, "1")],
    ["with a salt of 31 bytes", withField(occupied, 2, toBase64(new Uint8Array(31)))],
    ["with a salt of 33 bytes", withField(occupied, 2, toBase64(new Uint8Array(33)))],
    ["with a salt whose base64 has stray bits", withField(occupied, 2, `${"A".repeat(42)}B=`)],
    ["with a salt in base64url", withField(occupied, 2, `${"_".repeat(42)}A=`)],
    ["with a leaf hash of 31 bytes", withField(occupied, 3, toBase64(new Uint8Array(31)))],
    ["with a leaf hash that is null", withField(occupied, 3, null)],
  ])("%s", (_, text) => {
    expect(parseSnapshot(text)).toEqual({ ok: false, error: "snapshot_malformed" });
  });
});

test("a snapshot of exactly the limit is read, one byte more is too large", () => {
  // "é" takes two bytes in one UTF-16 unit.
  const frame = `{"origin":"","slots":[]}`;
  const sized = (bytes: number): string => {
    const rest = bytes - frame.length;
    return `{"origin":"${"é".repeat(Math.floor(rest / 2))}${"x".repeat(rest % 2)}","slots":[]}`;
  };
  expect(parseSnapshot(sized(limits.snapshotBytesMax)).ok).toBe(true);
  expect(parseSnapshot(sized(limits.snapshotBytesMax + 1))).toEqual({ ok: false, error: "snapshot_too_large" });
  expect(parseSnapshot(" ".repeat(limits.snapshotBytesMax + 1))).toEqual({ ok: false, error: "snapshot_too_large" });
});

describe("recomputing the tree names the slot", () => {
  const last = parsed(text).slots.length - 1;
  const salt = toBase64(new Uint8Array(32));
  const { key } = parsed(text).slots[occupied]!;

  test.each([
    ["whose value was changed", withField(occupied, 4, { state: "ENABLED" }), "leaf_mismatch", occupied, key],
    ["whose salt was changed", withField(occupied, 2, salt), "leaf_mismatch", occupied, key],
    ["whose leaf hash was changed", withField(occupied, 3, salt), "leaf_mismatch", occupied, key],
    ["whose key was changed", withField(occupied, 0, "flag:other"), "leaf_mismatch", occupied, "flag:other"],
    ["whose vacancy was salted otherwise", withField(vacant, 2, salt), "leaf_mismatch", vacant, ""],
    [
      "whose value has half a surrogate pair",
      withField(last, 4, "\ud800"),
      "value_not_ijson",
      last,
      parsed(text).slots[last]!.key,
    ],
    [
      "whose value is beyond safe integers",
      withField(last, 4, 2 ** 60),
      "value_not_ijson",
      last,
      parsed(text).slots[last]!.key,
    ],
  ])("%s", (_, text, code, slot, key) => {
    expect(treeOfSnapshot(parsed(text))).toEqual({ ok: false, error: { code, slot, key } });
  });

  test("whose value is infinite", () => {
    const infinite = text.replace(`"rollout":[["on",12500]]`, `"rollout":[["on",1e400]]`);
    const slot = parsed(infinite).slots.findIndex(({ key }) => key === "flag:new-checkout");
    expect(treeOfSnapshot(parsed(infinite))).toEqual({
      ok: false,
      error: { code: "value_not_ijson", slot, key: "flag:new-checkout" },
    });
  });

  test("but not a revision: no hash depends on it", () => {
    expect(treeOfSnapshot(parsed(withField(occupied, 1, 77))).ok).toBe(true);
  });
});
