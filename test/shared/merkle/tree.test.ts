import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../shared/encoding/bytes.ts";
import { leafHash, type Hash } from "../../../shared/merkle/hash.ts";
import {
  appendLeaf,
  emptyTree,
  leafAt,
  prefixOf,
  setLeaf,
  treeOf,
  type MerkleTree,
} from "../../../shared/merkle/tree.ts";
import { mth } from "../../reference/merkle.ts";
import roots from "../../vectors/merkle/roots.json" with { type: "json" };

const data = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => utf8(`leaf ${i}`));
const hashes = (leaves: readonly Uint8Array[]): Hash[] => leaves.map(leafHash);
const grown = (leaves: readonly Hash[]): MerkleTree => leaves.reduce(appendLeaf, emptyTree());
const rootOf = (tree: MerkleTree): string => toHex(tree.root);

describe("a tree", () => {
  test.each(roots)("of $size leaves has the root that Certificate Transparency's tests publish", ({ leaves, root }) => {
    const bytes = leaves.map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
    expect(rootOf(treeOf(hashes(bytes)))).toBe(root);
    expect(toHex(mth(bytes))).toBe(root);
  });

  test("has the RFC's root and size at every size from 0 to 64, built at once or leaf by leaf", () => {
    for (let n = 0; n <= 64; n++) {
      const want = toHex(mth(data(n)));
      for (const tree of [treeOf(hashes(data(n))), grown(hashes(data(n)))]) {
        expect([n, tree.size, rootOf(tree)]).toEqual([n, n, want]);
      }
    }
  });

  test("keeps its leaves where they were put", () => {
    const leaves = hashes(data(37));
    const tree = grown(leaves);
    expect(leaves.map((_, i) => leafAt(tree, i))).toEqual(leaves);
  });

  test("after any sequence of changes is the tree that a rebuild gives", () => {
    const change = fc.record({ at: fc.nat(), to: fc.uint8Array({ maxLength: 8 }), append: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 80 }), fc.array(change), (start, changes) => {
        const leaves = hashes(start);
        let tree = treeOf(leaves);
        for (const { at, to, append } of changes) {
          const hash = leafHash(to);
          if (append || leaves.length === 0) {
            leaves.push(hash);
            tree = appendLeaf(tree, hash);
          } else {
            leaves[at % leaves.length] = hash;
            tree = setLeaf(tree, at % leaves.length, hash);
          }
        }
        expect(tree).toEqual(treeOf(leaves));
      }),
    );
  });

  test("has in it every tree that it was before", () => {
    const leaves = hashes(data(41));
    for (let n = 0; n <= leaves.length; n++) {
      for (let size = 0; size <= n; size++) {
        expect(prefixOf(treeOf(leaves.slice(0, n)), size)).toEqual(treeOf(leaves.slice(0, size)));
      }
    }
    for (const size of [-1, 42, 0.5, NaN]) expect(() => prefixOf(treeOf(leaves), size)).toThrow(RangeError);
  });

  test("is not changed by the trees made from it", () => {
    const tree = treeOf(hashes(data(9)));
    const before = rootOf(tree);
    setLeaf(tree, 4, leafHash(utf8("other")));
    appendLeaf(tree, leafHash(utf8("other")));
    expect(rootOf(tree)).toBe(before);
  });

  test("shares all nodes beside the changed path with the tree that it came from", () => {
    const tree = treeOf(hashes(data(1024)));
    const nodes = (of: MerkleTree | undefined): MerkleTree[] =>
      of === undefined ? [] : [of, ...nodes(of.left), ...nodes(of.right)];
    const old = new Set(nodes(tree));
    expect(nodes(setLeaf(tree, 600, leafHash(utf8("other")))).filter((node) => !old.has(node))).toHaveLength(11);
  });

  test.each([-1, 0.5, 3, Number.NaN, 2 ** 53])("of 3 leaves has no leaf %s", (index) => {
    const tree = treeOf(hashes(data(3)));
    expect(() => leafAt(tree, index)).toThrow(RangeError);
    expect(() => setLeaf(tree, index, tree.root)).toThrow(RangeError);
  });

  test("doesn't take a leaf for a node", () => {
    const [a, b] = hashes(data(2)) as [Hash, Hash];
    const forged = new Uint8Array([...a, ...b]);
    expect(rootOf(treeOf([leafHash(forged)]))).not.toBe(rootOf(treeOf([a, b])));
  });
});
