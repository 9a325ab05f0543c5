/**
 * Inclusion and consistency proofs: made from a tree (RFC 9162, 2.1.3.1 and 2.1.4.1), verified without one
 * (2.1.3.2 and 2.1.4.2). Verification takes whatever a stranger sent and always answers with a value; sizes and
 * indices are numbers up to 2^53 - 1, so halving is by division, never by 32-bit shifts.
 *
 * A proof binds a root, not the size that belongs to it: some sizes give paths of the same shape. So sizes are only ever
 * taken from where roots are, a signed checkpoint or statement.
 */
import { equalBytes } from "../encoding/bytes.ts";
import { err, ok, type Result } from "../result.ts";
import { hashBytes, nodeHash, type Hash } from "./hash.ts";
import { requireIndex, type MerkleTree } from "./tree.ts";

/**
 * - `size_invalid`: a tree size that is not a whole number from 1 to 2^53 - 1, or an old size above the new one
 * - `index_invalid`: a leaf index that is not a whole number below the tree's size
 * - `hash_length`: a leaf, root or proof element that is not 32 bytes
 * - `proof_too_short`, `proof_too_long`: not the number of elements that the sizes ask for
 * - `root_mismatch`: the proof leads to another root
 */
export type ProofError =
  | "size_invalid"
  | "index_invalid"
  | "hash_length"
  | "proof_too_short"
  | "proof_too_long"
  | "root_mismatch";

export type Proof = readonly Hash[];

/** The proof that the leaf at `index` is in the tree, lowest sibling first. Throws a RangeError outside of the tree. */
export function inclusionProof(tree: MerkleTree, index: number): Proof {
  requireIndex(tree, index);
  const path: Hash[] = [];
  let at = tree;
  let rest = index;
  while (at.left !== undefined && at.right !== undefined) {
    if (rest < at.left.size) {
      path.push(at.right.root);
      at = at.left;
    } else {
      path.push(at.left.root);
      rest -= at.left.size;
      at = at.right;
    }
  }
  return path.toReversed();
}

/** The proof that the tree's first `oldSize` leaves are the tree of that size. Throws a RangeError unless 1 <= `oldSize` <= size. */
export function consistencyProof(tree: MerkleTree, oldSize: number): Proof {
  if (!Number.isSafeInteger(oldSize) || oldSize < 1 || oldSize > tree.size) {
    throw new RangeError(`consistency of size ${oldSize} with a tree of ${tree.size}`);
  }
  const path: Hash[] = [];
  let at = tree;
  let rest = oldSize;
  // True while `at` begins at leaf 0: there the verifier knows the old root itself, if the old tree ends with `at`.
  let fromFirst = true;
  while (rest < at.size && at.left !== undefined && at.right !== undefined) {
    if (rest <= at.left.size) {
      path.push(at.right.root);
      at = at.left;
    } else {
      path.push(at.left.root);
      rest -= at.left.size;
      at = at.right;
      fromFirst = false;
    }
  }
  if (!fromFirst) path.push(at.root);
  return path.toReversed();
}

/** The root that a proof leads to from a leaf, for a caller that compares it with more than one. */
export function rootFromInclusion(claim: {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly proof: Proof;
}): Result<Hash, Exclude<ProofError, "root_mismatch">> {
  const { leaf, index, size, proof } = claim;
  if (!isSize(size)) return err("size_invalid");
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return err("index_invalid");
  if (![leaf, ...proof].every(isHash)) return err("hash_length");
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    if (last === 0) return err("proof_too_long");
    if (isOdd(node) || node === last) {
      root = nodeHash(sibling, root);
      // A last node without a sibling moves up unchanged until it is a right one.
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      root = nodeHash(root, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 ? ok(root) : err("proof_too_short");
}

/** Whether the leaf is at `index` of the tree of `size` leaves that has this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(claim: {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly proof: Proof;
  readonly root: Hash;
}): Result<true, ProofError> {
  if (!isHash(claim.root)) return err("hash_length");
  const found = rootFromInclusion(claim);
  if (!found.ok) return found;
  return equalBytes(found.value, claim.root) ? ok(true) : err("root_mismatch");
}

/**
 * Whether the tree of `newSize` leaves only adds to the tree of `oldSize` leaves (RFC 9162, 2.1.4.2).
 * Equal sizes ask for equal roots and an empty proof. An old size of 0 is refused: every tree extends the empty one,
 * so such a proof would say nothing.
 */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly oldRoot: Hash;
  readonly newSize: number;
  readonly newRoot: Hash;
  readonly proof: Proof;
}): Result<true, ProofError> {
  const { oldSize, oldRoot, newSize, newRoot, proof } = claim;
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return err("size_invalid");
  if (![oldRoot, newRoot, ...proof].every(isHash)) return err("hash_length");
  if (oldSize === newSize) {
    if (proof.length > 0) return err("proof_too_long");
    return equalBytes(oldRoot, newRoot) ? ok(true) : err("root_mismatch");
  }
  let node = oldSize - 1;
  let last = newSize - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  // Only where the old tree is one perfect subtree has its walk come up to 0: then its root is where the proof starts.
  const path = node === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return err("proof_too_short");
  let oldFound = first;
  let newFound = first;
  for (const sibling of rest) {
    if (last === 0) return err("proof_too_long");
    if (isOdd(node) || node === last) {
      oldFound = nodeHash(sibling, oldFound);
      newFound = nodeHash(sibling, newFound);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newFound = nodeHash(newFound, sibling);
    }
    node = half(node);
    last = half(last);
  }
  if (last !== 0) return err("proof_too_short");
  return equalBytes(oldFound, oldRoot) && equalBytes(newFound, newRoot) ? ok(true) : err("root_mismatch");
}

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 1;
const isHash = (hash: Hash): boolean => hash instanceof Uint8Array && hash.length === hashBytes;
const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
