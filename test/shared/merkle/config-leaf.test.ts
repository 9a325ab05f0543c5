import { describe, expect, test } from "vitest";
import { fromBase64, toBase64, toHex, type Bytes } from "../../../shared/encoding/bytes.ts";
import { configLeafData, configLeafHash } from "../../../shared/merkle/config-leaf.ts";
import { entrySalt, inSlotOrder, vacantSalt } from "../../../shared/merkle/config-salt.ts";
import { treeOf } from "../../../shared/merkle/tree.ts";
import { configTreeVectors } from "../../vectors/config-tree/load.ts";

const bytes = (base64: string): Bytes => {
  const decoded = fromBase64(base64);
  if (!decoded.ok) throw new Error(`not base64: ${base64}`);
  return decoded.value;
};

describe.each(configTreeVectors)("the config tree of %s", (_, { seed: seedText, slots, root, size }) => {
  const seed = bytes(seedText);
  const salts = slots.map(({ key, rev }, slot) =>
    key === "" ? vacantSalt(seed, rev, slot) : entrySalt(seed, rev, key),
  );

  test("has the reference's salts, leaf data and leaf hashes", () => {
    const found = slots.map(({ key, rev, value }, slot) => ({
      key,
      rev,
      value,
      salt: toBase64(salts[slot]!),
      data: toHex(configLeafData(key, salts[slot]!, value)),
      leaf: toBase64(configLeafHash(key, salts[slot]!, value)),
    }));
    expect(found).toEqual(slots);
  });

  test("has the reference's root", () => {
    const tree = treeOf(slots.map(({ key, value }, slot) => configLeafHash(key, salts[slot]!, value)));
    expect([tree.size, toBase64(tree.root)]).toEqual([size, root]);
  });
});

describe("a leaf", () => {
  const salt = new Uint8Array(32);

  test("keeps a key from running into its value", () => {
    expect(configLeafData("ab", salt, "c")).not.toEqual(configLeafData("a", salt, "bc"));
  });

  test.each([
    ["a salt of 31 bytes", "k", new Uint8Array(31)],
    ["a key of 2^16 bytes", "k".repeat(65_536), salt],
    ["a key with half a surrogate pair", "\ud800", salt],
  ])("can't have %s", (_, key, itsSalt) => {
    expect(() => configLeafHash(key, itsSalt, null)).toThrow(RangeError);
  });

  test("can have a key of 2^16 - 1 bytes", () => {
    expect(configLeafHash("k".repeat(65_535), salt, null)).toHaveLength(32);
  });

  test("can't have a value that isn't I-JSON", () => {
    expect(() => configLeafHash("k", salt, Number.NaN)).toThrow(TypeError);
  });
});

describe("what a seed gives", () => {
  const seed = new Uint8Array(32);

  test("two vacancies of one revision have different salts", () => {
    expect(vacantSalt(seed, 3, 0)).not.toEqual(vacantSalt(seed, 3, 1));
  });

  test("one entry has another salt in every revision, and with every seed", () => {
    const other = new Uint8Array(32).fill(1);
    const salts = [entrySalt(seed, 1, "settings"), entrySalt(seed, 2, "settings"), entrySalt(other, 1, "settings")];
    expect(new Set(salts.map(toHex)).size).toBe(3);
  });

  test("the order of slots depends on the seed and the keys, not on the order that they come in", () => {
    const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    expect(inSlotOrder(seed, keys.toReversed())).toEqual(inSlotOrder(seed, keys));
    expect(inSlotOrder(new Uint8Array(32).fill(1), keys)).not.toEqual(inSlotOrder(seed, keys));
  });

  test("the first lock's order is the reference's", () => {
    const [, vector] = configTreeVectors.find(([name]) => name === "first-lock")!;
    const order = vector.slots.map(({ key }) => key);
    expect(inSlotOrder(bytes(vector.seed), order.toSorted())).toEqual(order);
  });
});
