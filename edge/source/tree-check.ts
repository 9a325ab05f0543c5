/**
 * Recomputes a snapshot's config tree beside the requests, in pieces. The snapshot's digest already gated evaluation; a
 * tree that doesn't give the signed root means that digest and root were signed apart, and the revision is discarded.
 */
import { equalBytes, fromBase64 } from "../../shared/encoding/bytes.ts";
import type { VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import { refusal, type Refusal } from "../../shared/acceptance/refusal.ts";
import { emptyFrontier, extendFrontier, frontierRoot } from "../../shared/merkle/frontier.ts";
import { leafOfSlot } from "../../shared/store/snapshot.ts";

/** About half a millisecond of work. */
const slotsPerPiece = 50;

/** @param rest lets other work run between two pieces */
export async function checkTree(release: VerifiedRelease, rest: () => Promise<void>): Promise<Refusal | undefined> {
  let frontier = emptyFrontier;
  for (const [index, slot] of release.snapshot.slots.entries()) {
    const leaf = leafOfSlot(slot, index);
    if (!leaf.ok) return refusal("config_root_mismatch", `slot ${index} (${leaf.error.key}): ${leaf.error.code}`);
    frontier = extendFrontier(frontier, leaf.value);
    if (index % slotsPerPiece === slotsPerPiece - 1) await rest();
  }
  const root = fromBase64(release.statement.configRoot);
  return root.ok && equalBytes(root.value, frontierRoot(frontier))
    ? undefined
    : refusal("config_root_mismatch", `the entries don't give the config root ${release.statement.configRoot}`);
}
