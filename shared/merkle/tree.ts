/**
 * A Merkle tree (RFC 9162, 2.1.1) as an immutable value: a change gives a new tree that shares all but the O(log n)
 * nodes on the path to the changed leaf, so a tree can be tried, compared by its root, and dropped.
 */
import { emptyRoot, nodeHash, type Hash } from "./hash.ts";

export interface MerkleTree {
  /** The number of leaves. */
  readonly size: number;
  readonly root: Hash;
  /** Both halves, or neither: a tree of one leaf or none has no halves. */
  readonly left: MerkleTree | undefined;
  readonly right: MerkleTree | undefined;
}

const leaf = (hash: Hash): MerkleTree => ({ size: 1, root: hash, left: undefined, right: undefined });

const join = (left: MerkleTree, right: MerkleTree): MerkleTree => ({
  size: left.size + right.size,
  root: nodeHash(left.root, right.root),
  left,
  right,
});

export const emptyTree = (): MerkleTree => ({ size: 0, root: emptyRoot(), left: undefined, right: undefined });

/** The tree over these leaf hashes, in this order. */
export function treeOf(leafHashes: readonly Hash[]): MerkleTree {
  let level = leafHashes.map(leaf);
  while (level.length > 1) level = parents(level);
  return level[0] ?? emptyTree();
}

/** Joining neighbours, and promoting the last one where it has none, splits every tree at RFC 9162's power of two. */
function parents(level: readonly MerkleTree[]): MerkleTree[] {
  const above: MerkleTree[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i]!;
    const right = level[i + 1];
    above.push(right === undefined ? left : join(left, right));
  }
  return above;
}

/** The leaf hash at `index`. Throws a RangeError outside of the tree. */
export function leafAt(tree: MerkleTree, index: number): Hash {
  requireIndex(tree, index);
  let at = tree;
  let rest = index;
  while (at.left !== undefined && at.right !== undefined) {
    if (rest < at.left.size) {
      at = at.left;
    } else {
      rest -= at.left.size;
      at = at.right;
    }
  }
  return at.root;
}

/** The tree with another leaf at `index`, in O(log n). Throws a RangeError outside of the tree. */
export function setLeaf(tree: MerkleTree, index: number, hash: Hash): MerkleTree {
  requireIndex(tree, index);
  return replaced(tree, index, hash);
}

function replaced(tree: MerkleTree, index: number, hash: Hash): MerkleTree {
  const { left, right } = tree;
  if (left === undefined || right === undefined) return leaf(hash);
  return index < left.size
    ? join(replaced(left, index, hash), right)
    : join(left, replaced(right, index - left.size, hash));
}

/** The tree with one more leaf at its end, in O(log n). */
export function appendLeaf(tree: MerkleTree, hash: Hash): MerkleTree {
  if (tree.size === 0) return leaf(hash);
  const { left, right } = tree;
  // A half that is full, a power of two, gets a new neighbour above it; else the right one has room.
  if (left === undefined || right === undefined || left.size === right.size) return join(tree, leaf(hash));
  return join(left, appendLeaf(right, hash));
}

/** The tree of the first `size` leaves, as it was before the others were appended, in O(log n) hashes. */
export function prefixOf(tree: MerkleTree, size: number): MerkleTree {
  if (!Number.isSafeInteger(size) || size < 0 || size > tree.size) {
    throw new RangeError(`the first ${size} leaves of a tree of ${tree.size}`);
  }
  const { left, right } = tree;
  if (size === 0) return emptyTree();
  if (size === tree.size || left === undefined || right === undefined) return tree;
  return size <= left.size ? prefixOf(left, size) : join(left, prefixOf(right, size - left.size));
}

/** Throws a RangeError unless `index` is a leaf of the tree. */
export function requireIndex(tree: MerkleTree, index: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) {
    throw new RangeError(`leaf ${index} of a tree of ${tree.size}`);
  }
}
