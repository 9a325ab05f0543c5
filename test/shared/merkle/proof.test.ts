import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, utf8, type Bytes } from "../../../shared/encoding/bytes.ts";
import { leafHash, type Hash } from "../../../shared/merkle/hash.ts";
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
  type ProofError,
} from "../../../shared/merkle/proof.ts";
import { treeOf } from "../../../shared/merkle/tree.ts";
import { mth, path, proof as referenceProof } from "../../reference/merkle.ts";

const sizesMax = 64;
const data = Array.from({ length: sizesMax }, (_, i) => utf8(`leaf ${i}`));
const leaves = data.map(leafHash);
const trees = Array.from({ length: sizesMax + 1 }, (_, size) => treeOf(leaves.slice(0, size)));

interface InclusionVector {
  leaf: string;
  index: number;
  size: number;
  proof: string[];
  root: string;
  wanted: "ok" | ProofError;
}
interface ConsistencyVector {
  oldSize: number;
  oldRoot: string;
  newSize: number;
  newRoot: string;
  proof: string[];
  wanted: "ok" | ProofError;
}
const byName = <T>(files: Record<string, T>): [string, T][] =>
  Object.entries(files).map(([file, vector]) => [file.replace(/^.*\/|\.json$/g, "").replaceAll("-", " "), vector]);

const othersUpTo = (last: number, except: number): number[] =>
  Array.from({ length: last + 1 }, (_, i) => i).filter((i) => i !== except);

const bytes = (base64: string): Bytes => {
  const decoded = fromBase64(base64);
  if (!decoded.ok) throw new Error(`not base64: ${base64}`);
  return decoded.value;
};
const outcome = (result: ReturnType<typeof verifyInclusion>): string => (result.ok ? "ok" : result.error);

describe("an inclusion proof", () => {
  test("is the RFC's, and verifies, for every leaf of every size from 1 to 64", () => {
    for (let size = 1; size <= sizesMax; size++) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(trees[size]!, index);
        expect(proof).toEqual(path(index, data.slice(0, size)));
        const claim = { leaf: leaves[index]!, index, size, proof, root: trees[size]!.root };
        expect(outcome(verifyInclusion(claim))).toBe("ok");
      }
    }
  });

  test("never verifies at another index, in another size, or for another leaf", () => {
    const wrong: Parameters<typeof verifyInclusion>[0][] = [];
    for (let size = 1; size <= 24; size++) {
      for (let index = 0; index < size; index++) {
        const root = trees[size]!.root;
        const claim = { leaf: leaves[index]!, index, size, proof: inclusionProof(trees[size]!, index), root };
        for (const other of othersUpTo(size + 1, index)) wrong.push({ ...claim, index: other });
        for (const other of othersUpTo(size - 1, index)) wrong.push({ ...claim, leaf: leaves[other]! });
        for (const other of othersUpTo(size + 8, size)) wrong.push({ ...claim, size: other, root: trees[other]!.root });
      }
    }
    expect(wrong.filter((claim) => verifyInclusion(claim).ok)).toEqual([]);
  });

  test.each(
    byName(
      import.meta.glob<InclusionVector>("../../vectors/merkle/inclusion/*.json", { eager: true, import: "default" }),
    ),
  )("with the defect: %s", (_, { leaf, index, size, proof, root, wanted }) => {
    const claim = { leaf: bytes(leaf), index, size, proof: proof.map(bytes), root: bytes(root) };
    expect(outcome(verifyInclusion(claim))).toBe(wanted);
  });

  test.each([-1, 0.5, 8, Number.NaN, 2 ** 53])("can't be made for leaf %s of 8", (index) => {
    expect(() => inclusionProof(trees[8]!, index)).toThrow(RangeError);
  });
});

describe("a consistency proof", () => {
  test("is the RFC's, and verifies, for every pair of sizes from 1 to 64", () => {
    for (let newSize = 1; newSize <= sizesMax; newSize++) {
      for (let oldSize = 1; oldSize <= newSize; oldSize++) {
        const proof = consistencyProof(trees[newSize]!, oldSize);
        expect(proof).toEqual(referenceProof(oldSize, data.slice(0, newSize)));
        const claim = { oldSize, oldRoot: trees[oldSize]!.root, newSize, newRoot: trees[newSize]!.root, proof };
        expect(outcome(verifyConsistency(claim))).toBe("ok");
      }
    }
  });

  test("never verifies between other sizes", () => {
    for (let newSize = 2; newSize <= 20; newSize++) {
      for (let oldSize = 1; oldSize < newSize; oldSize++) {
        const proof = consistencyProof(trees[newSize]!, oldSize);
        for (let other = 1; other < newSize; other++) {
          if (other === oldSize) continue;
          const claim = { oldSize: other, oldRoot: trees[other]!.root, newSize, newRoot: trees[newSize]!.root, proof };
          expect(verifyConsistency(claim).ok).toBe(false);
        }
      }
    }
  });

  test("doesn't verify for a history in which one old leaf was replaced", () => {
    const forged = [...leaves];
    forged[5] = leafHash(utf8("forged"));
    for (let newSize = 7; newSize <= sizesMax; newSize++) {
      const tree = treeOf(forged.slice(0, newSize));
      const claim = {
        oldSize: 6,
        oldRoot: trees[6]!.root,
        newSize,
        newRoot: tree.root,
        proof: consistencyProof(tree, 6),
      };
      expect(outcome(verifyConsistency(claim))).toBe("root_mismatch");
    }
  });

  test.each(
    byName(
      import.meta.glob<ConsistencyVector>("../../vectors/merkle/consistency/*.json", {
        eager: true,
        import: "default",
      }),
    ),
  )("with the defect: %s", (_, { oldRoot, newRoot, proof, wanted, ...sizes }) => {
    const claim = { ...sizes, oldRoot: bytes(oldRoot), newRoot: bytes(newRoot), proof: proof.map(bytes) };
    expect(outcome(verifyConsistency(claim))).toBe(wanted);
  });

  test.each([-1, 0, 0.5, 9, Number.NaN, 2 ** 53])("can't be made from size %s to 8", (oldSize) => {
    expect(() => consistencyProof(trees[8]!, oldSize)).toThrow(RangeError);
  });
});

describe("beyond size 64", () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }) as fc.Arbitrary<Hash>;

  test("proofs are the RFC's", () => {
    fc.assert(
      fc.property(fc.integer({ min: 65, max: 700 }), fc.nat(), fc.nat(), (size, a, b) => {
        const many = Array.from({ length: size }, (_, i) => utf8(`${i}`));
        const tree = treeOf(many.map(leafHash));
        expect(inclusionProof(tree, a % size)).toEqual(path(a % size, many));
        const oldSize = 1 + (b % size);
        const proof = consistencyProof(tree, oldSize);
        expect(proof).toEqual(referenceProof(oldSize, many));
        const claim = { oldSize, oldRoot: mth(many.slice(0, oldSize)), newSize: size, newRoot: tree.root, proof };
        expect(outcome(verifyConsistency(claim))).toBe("ok");
      }),
      { numRuns: 20 },
    );
  });

  test("verification answers, and refuses, whatever numbers and hashes it is given", () => {
    const number = fc.oneof(fc.maxSafeNat(), fc.double(), fc.integer(), fc.constantFrom(2 ** 53, 2 ** 64, -0, 0));
    fc.assert(
      fc.property(number, number, hash, hash, fc.array(hash, { maxLength: 70 }), (n, m, a, b, proof) => {
        expect(verifyInclusion({ leaf: a, index: n, size: m, proof, root: b }).ok).toBe(false);
        // Equal sizes with equal roots are consistent: only other roots are no proof of anything.
        fc.pre(n !== m);
        expect(verifyConsistency({ oldSize: n, oldRoot: a, newSize: m, newRoot: b, proof }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test("the last leaf of a tree of 2^53 - 1 leaves has 52 siblings", () => {
    const leaf = leaves[0]!;
    const claim = { leaf, index: 2 ** 53 - 2, size: 2 ** 53 - 1, root: leaf };
    const proofOf = (length: number): Hash[] => Array.from({ length }, () => leaf);
    expect(outcome(verifyInclusion({ ...claim, proof: proofOf(51) }))).toBe("proof_too_short");
    expect(outcome(verifyInclusion({ ...claim, proof: proofOf(52) }))).toBe("root_mismatch");
    expect(outcome(verifyInclusion({ ...claim, proof: proofOf(53) }))).toBe("proof_too_long");
  });
});
