/** Appending to a release log: the new leaf, the new tree head, its signatures, and the head value that carries them. */
import { exceedsBytes, toBase64, utf8 } from "../../shared/encoding/bytes.ts";
import { canonicalJson } from "../../shared/encoding/json.ts";
import { extendFrontier, frontierRoot, type Frontier } from "../../shared/merkle/frontier.ts";
import { limits } from "../../shared/limits.ts";
import { leafHash } from "../../shared/merkle/hash.ts";
import { encodeHead } from "../../shared/store/head.ts";
import { encodeCheckpoint } from "../../shared/trust/checkpoint.ts";
import type { Detail } from "../../shared/trust/detail.ts";
import type { Overlay } from "../../shared/trust/overlay.ts";
import { encodeSignedNote } from "../../shared/trust/signed-note.ts";
import { encodeStatement, parseStatement, type Statement } from "../../shared/trust/statement.ts";
import type { SigningKey } from "../keys/signing-key.ts";
import type { SignedRelease } from "./anchor.ts";

export interface MeshKeys {
  readonly log: SigningKey;
  readonly freshness: SigningKey;
}

/** Room for the two signatures that a head carries. */
const signaturesCharsMax = 4 * 1024;

/**
 * What of a release is larger than readers take, before it is signed: one that no edge can read would end the log, for
 * the next release is built on it.
 */
export function findTooLarge(
  frontier: Frontier,
  statement: Statement,
  overlay: Overlay,
  detail: Detail,
): "statement" | "overlay" | "head" | undefined {
  const text = encodeStatement(statement);
  if (!parseStatement(text).ok) return "statement";
  if (Object.keys(overlay).length > limits.overlayFlagsMax) return "overlay";
  if (exceedsBytes(canonicalJson(overlay), limits.overlayBytesMax)) return "overlay";
  const proof = frontier.hashes.map(toBase64);
  const unsigned = encodeHead({ checkpoint: "", statement: text, proof, overlay, detail });
  return unsigned.length + signaturesCharsMax > limits.headBytesMax ? "head" : undefined;
}

/** @param frontier of the log before this release. `statement.time` is also the time of its first freshness. */
export function signRelease(
  frontier: Frontier,
  statement: Statement,
  overlay: Overlay,
  detail: Detail,
  keys: MeshKeys,
): SignedRelease {
  const text = encodeStatement(statement);
  const leaf = leafHash(utf8(text));
  const extended = extendFrontier(frontier, leaf);
  const root = frontierRoot(extended);
  const checkpoint = encodeCheckpoint({ origin: statement.origin, size: extended.size, root });
  const signatures = [keys.log.signNote(checkpoint), keys.freshness.cosign(checkpoint, statement.time)];
  return {
    size: extended.size,
    root: toBase64(root),
    head: encodeHead({
      checkpoint: encodeSignedNote({ text: checkpoint, signatures }),
      statement: text,
      // The siblings of the last leaf all stand to its left: they are the frontier before it, lowest first.
      proof: frontier.hashes.toReversed().map(toBase64),
      overlay,
      detail,
    }),
    statement: text,
    leaf: toBase64(leaf),
    event: canonicalJson({ origin: statement.origin, release: statement.release, revision: statement.revision }),
  };
}
