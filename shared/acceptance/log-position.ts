/** Step 4 of acceptance: where a checkpoint stands to what is known of the log. */
import { equalBytes, fromBase64, toBase64, utf8, type Bytes } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { extendFrontier, frontierBefore, frontierRoot, type Frontier } from "../merkle/frontier.ts";
import { hashBytes, leafHash, type Hash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/proof.ts";
import { err, ok, type Result } from "../result.ts";
import type { Checkpoint } from "../trust/checkpoint.ts";
import { refusal, type Refusal } from "./refusal.ts";
import type { StoreReads, VerifiedRelease } from "./verified-release.ts";

const leavesPerPage = Math.floor(limits.catchUpPageBytesMax / 48);

/**
 * With memory: the old frontier, extended by the leaves in between and the newest, must give the signed root. Answers the
 * hashes of the leaves in between.
 */
export async function extendMemory(
  memory: VerifiedRelease,
  checkpoint: Checkpoint,
  statementText: string,
  reads: StoreReads,
): Promise<Result<readonly Hash[], Refusal>> {
  const between: Hash[] = [];
  const last = checkpoint.size - 1;
  const missing = last - memory.checkpoint.size;
  if (missing > limits.catchUpLeavesMax) {
    return err(refusal("log_too_far_ahead", `${missing} releases behind, at most ${limits.catchUpLeavesMax} are read`));
  }
  while (between.length < missing) {
    const from = memory.checkpoint.size + between.length;
    const to = Math.min(last, from + leavesPerPage);
    const page: unknown = await reads.leaves(from, to);
    if (!Array.isArray(page) || page.length === 0) {
      return err(refusal("leaves_missing", `the store has no leaf ${from} of ${checkpoint.size}`));
    }
    if (page.length > to - from) return err(refusal("frontier_mismatch", `more than the leaves from ${from} to ${to}`));
    for (const text of page as readonly unknown[]) {
      const hash = typeof text === "string" ? fromBase64(text) : err("not_base64" as const);
      if (!hash.ok || hash.value.length !== hashBytes) {
        return err(refusal("frontier_mismatch", `leaf ${memory.checkpoint.size + between.length} is not 32 bytes`));
      }
      between.push(hash.value);
    }
  }
  let frontier = memory.frontier;
  for (const hash of between) frontier = extendFrontier(frontier, hash);
  frontier = extendFrontier(frontier, leafHash(utf8(statementText)));
  if (frontier.size !== checkpoint.size || !equalBytes(frontierRoot(frontier), checkpoint.root)) {
    return err(
      refusal(
        "frontier_mismatch",
        `release ${last} doesn't extend the log that was known up to ${memory.statement.release}`,
      ),
    );
  }
  return ok(between);
}

/** The frontier of the log, from the head's inclusion proof: its path is the frontier before the newest leaf. */
export function frontierFromProof(
  checkpoint: Checkpoint,
  statementText: string,
  proofTexts: readonly string[],
): Result<Frontier, Refusal> {
  const proof: Bytes[] = [];
  for (const text of proofTexts) {
    const hash = fromBase64(text);
    if (hash.ok) proof.push(hash.value);
  }
  const leaf = leafHash(utf8(statementText));
  const { size, root } = checkpoint;
  const included = verifyInclusion({ leaf, index: size - 1, size, proof, root });
  const before = included.ok ? frontierBefore(size, proof) : included;
  if (!before.ok)
    return err(refusal("inclusion_invalid", `the newest statement is not leaf ${size - 1} (${before.error})`));
  return ok(extendFrontier(before.value, leaf));
}

/** The pinned floor: no shorter log, and no other root at that size. */
export function checkFloor(
  floor: { readonly size: number; readonly root: string } | undefined,
  { size, root }: Checkpoint,
): Refusal | undefined {
  if (floor === undefined) return undefined;
  if (size < floor.size) return refusal("below_floor", `log of ${size}, pinned floor is ${floor.size}`);
  if (size === floor.size && toBase64(root) !== floor.root) {
    return refusal("below_floor", `another root at the pinned size ${size}`);
  }
  return undefined;
}
