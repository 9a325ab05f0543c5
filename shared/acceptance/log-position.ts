/** Step 4 of acceptance: where a checkpoint stands to what is known of the log. */
import { equalBytes, fromBase64, toBase64, utf8, type Bytes } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { extendFrontier, frontierBefore, frontierRoot, type Frontier } from "../merkle/frontier.ts";
import { leafHash, type Hash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/proof.ts";
import { err, ok, type Result } from "../result.ts";
import type { Checkpoint } from "../trust/checkpoint.ts";
import { refusal, type Refusal } from "./refusal.ts";
import type { StoreReads, VerifiedRelease } from "./verified-release.ts";

export interface LogPosition {
  readonly frontier: Frontier;
  /** Hashes of the leaves between what was known and the newest. Empty without memory. */
  readonly between: readonly Hash[];
}

const leavesPerPage = Math.floor(limits.catchUpPageBytesMax / 48);

/** With memory: the old frontier, extended by the leaves in between and the newest, must give the signed root. */
export async function extendMemory(
  memory: VerifiedRelease,
  checkpoint: Checkpoint,
  statementText: string,
  reads: StoreReads,
): Promise<Result<LogPosition, Refusal>> {
  const between: Hash[] = [];
  const last = checkpoint.size - 1;
  while (memory.checkpoint.size + between.length < last) {
    const from = memory.checkpoint.size + between.length;
    const page = await reads.leaves(from, Math.min(last, from + leavesPerPage));
    if (page.length === 0) return err(refusal("leaves_missing", `the store has no leaf ${from} of ${checkpoint.size}`));
    for (const text of page) {
      const hash = fromBase64(text);
      if (!hash.ok || hash.value.length !== 32) return err(refusal("frontier_mismatch", "a leaf hash is not 32 bytes"));
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
  return ok({ frontier, between });
}

/** Without memory: the head's inclusion proof, whose path is the frontier before the newest leaf. */
export function positionFromProof(
  checkpoint: Checkpoint,
  statementText: string,
  proofTexts: readonly string[],
): Result<LogPosition, Refusal> {
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
  return ok({ frontier: extendFrontier(before.value, leaf), between: [] });
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
