/**
 * The frontier of a tree: the roots of the perfect subtrees that its leaves split into, largest first, one for each
 * set bit of its size (a "compact range" from leaf 0). It is all of a log that must be remembered to compute the root
 * after more leaves, and so to see that a new root only adds to the old one.
 */
import { fromBase64, toBase64 } from "../encoding/bytes.ts";
import { canonicalJson, isObject, parseCanonicalJson } from "../encoding/json.ts";
import { err, ok, type Result } from "../result.ts";
import { emptyRoot, hashBytes, nodeHash, type Hash } from "./hash.ts";
import type { Proof } from "./proof.ts";

export interface Frontier {
  /** The number of leaves so far. */
  readonly size: number;
  readonly hashes: readonly Hash[];
}

export const emptyFrontier: Frontier = { size: 0, hashes: [] };

/** The frontier after one more leaf, in amortised O(1) hashes. */
export function extendFrontier(frontier: Frontier, leafHash: Hash): Frontier {
  const hashes = [...frontier.hashes];
  let node = leafHash;
  // Each trailing 1 of the size is a perfect subtree that the new one completes to the next larger.
  for (let rest = frontier.size; rest % 2 === 1; rest = Math.floor(rest / 2)) node = nodeHash(hashes.pop()!, node);
  hashes.push(node);
  return { size: frontier.size + 1, hashes };
}

/** The root of the tree (RFC 9162, 2.1.1). */
export function frontierRoot(frontier: Frontier): Hash {
  if (frontier.hashes.length === 0) return emptyRoot();
  return frontier.hashes.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * The frontier of a tree without its last leaf, from that leaf's inclusion proof: all its siblings stand to the left,
 * and they are the frontier at `size - 1`. The proof must have been verified: this checks shapes only.
 */
export function frontierBefore(size: number, proof: Proof): Result<Frontier, "size_invalid" | "frontier_malformed"> {
  if (!Number.isSafeInteger(size) || size < 1) return err("size_invalid");
  const frontier = { size: size - 1, hashes: proof.toReversed() };
  return isFrontier(frontier) ? ok(frontier) : err("frontier_malformed");
}

/** One line of text: JCS of `{"hashes": [base64 …], "size"}`. */
export const encodeFrontier = (frontier: Frontier): string =>
  canonicalJson({ hashes: frontier.hashes.map(toBase64), size: frontier.size });

export function decodeFrontier(text: string): Result<Frontier, "frontier_malformed"> {
  const parsed = parseCanonicalJson(text);
  if (!parsed.ok || !isObject(parsed.value) || Object.keys(parsed.value).length !== 2) return err("frontier_malformed");
  const { hashes: texts, size } = parsed.value;
  if (!Array.isArray(texts) || typeof size !== "number") return err("frontier_malformed");
  const hashes: Hash[] = [];
  for (const text of texts) {
    const hash = typeof text === "string" ? fromBase64(text) : err("not_base64");
    if (!hash.ok) return err("frontier_malformed");
    hashes.push(hash.value);
  }
  const frontier = { size, hashes };
  return isFrontier(frontier) ? ok(frontier) : err("frontier_malformed");
}

/** Whether sizes fit: a whole number, and a 32-byte hash for each of its set bits. */
function isFrontier({ size, hashes }: Frontier): boolean {
  if (!Number.isSafeInteger(size) || size < 0) return false;
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return hashes.length === bits && hashes.every((hash) => hash.length === hashBytes);
}
