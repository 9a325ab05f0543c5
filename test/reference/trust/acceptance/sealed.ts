/** Releases that the control plane's own code would not make: any text for a statement, any size for a log. */
import { toBase64, utf8 } from "../../../../shared/encoding/bytes.ts";
import { emptyFrontier, extendFrontier, frontierRoot, type Frontier } from "../../../../shared/merkle/frontier.ts";
import { leafHash } from "../../../../shared/merkle/hash.ts";
import { encodeCheckpoint } from "../../../../shared/trust/checkpoint.ts";
import { encodeSignedNote } from "../../../../shared/trust/signed-note.ts";
import type { Release } from "../log.ts";
import type { World } from "../world.ts";
import { withHead } from "./case.ts";

export interface Sealing {
  /** Of the log before; that of the release's predecessor where absent. */
  readonly before?: Frontier;
  readonly statement?: string;
  /** From the right text, the one that is signed. */
  readonly checkpoint?: (text: string) => string;
}

/** A release's head and leaf made anew, validly signed. @param previous the release before it */
export function sealed(
  world: World,
  previous: Pick<Release, "frontier"> | undefined,
  release: Release,
  { before = previous?.frontier ?? emptyFrontier, statement = release.statement, checkpoint = (text) => text }: Sealing,
): Release {
  const leaf = leafHash(utf8(statement));
  const frontier = extendFrontier(before, leaf);
  const root = frontierRoot(frontier);
  const text = checkpoint(encodeCheckpoint({ origin: world.origin, size: frontier.size, root }));
  const signatures = [world.log.signNote(text), world.freshness.cosign(text, release.content.time)];
  const head = withHead(release, {
    checkpoint: encodeSignedNote({ text, signatures }),
    statement,
    proof: before.hashes.toReversed().map(toBase64),
  });
  return { ...release, size: frontier.size, root: toBase64(root), head, statement, leaf: toBase64(leaf), frontier };
}
