/** One mesh's release log, for reading: the tree of everything that was signed, its entries, and its newest checkpoint. */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { base64Bytes, toBase64 } from "../../shared/encoding/bytes.ts";
import type { Hash } from "../../shared/merkle/hash.ts";
import { appendLeaf, emptyTree, treeOf, type MerkleTree } from "../../shared/merkle/tree.ts";
import { parseHead } from "../../shared/store/head.ts";
import { encodeSignedNote, parseSignedNote, type NoteSignature } from "../../shared/trust/signed-note.ts";
import { AnchorError, type Anchor, type AnchoredRelease } from "../publisher/anchor.ts";

export interface ReleaseLog {
  readonly newest: () => Promise<AnchoredRelease | undefined>;
  /** Oldest first, from index `from` up to but not including `to`. */
  readonly releases: (from: number, to: number) => Promise<readonly AnchoredRelease[]>;
  /** What a release names by digest, by its key in the store. */
  readonly blob: (key: string) => Promise<string | undefined>;
  /** Over the statements of all releases. */
  readonly tree: () => Promise<MerkleTree>;
  /** The newest tree head as a signed note, with the newest freshness; `undefined` where nothing was released. */
  readonly checkpoint: () => Promise<string | undefined>;
  /** Takes note of a renewal of freshness: no reader of the log makes anybody sign. */
  readonly renewed: (checkpointText: string, freshness: NoteSignature) => void;
}

const releasesPerPage = 256;

export function createReleaseLog(anchor: Anchor, mesh: MeshId): ReleaseLog {
  let known = emptyTree();
  let renewal: { readonly checkpointText: string; readonly freshness: NoteSignature } | undefined;

  async function tree(): Promise<MerkleTree> {
    // Before the anchor is asked: what is known by then can't be newer than its answer.
    const before = known;
    const newest = await anchor.newest(mesh);
    if (newest === undefined) return emptyTree();
    const added: Hash[] = [];
    while (before.size + added.length < newest.size) {
      const from = before.size + added.length;
      const page = await anchor.releases(mesh, from, Math.min(newest.size, from + releasesPerPage));
      if (page.length === 0) throw new AnchorError("anchor_damaged", `the anchor of ${mesh} lost release ${from}`);
      added.push(...page.map(({ leaf }) => base64Bytes(leaf)));
    }
    const grown = before.size === 0 ? treeOf(added) : added.reduce(appendLeaf, before);
    if (toBase64(grown.root) !== newest.root) {
      throw new AnchorError("anchor_damaged", `the releases of ${mesh} don't give the root that was signed`);
    }
    if (grown.size > known.size) known = grown;
    return grown;
  }

  return {
    newest: () => anchor.newest(mesh),
    releases: (from, to) => anchor.releases(mesh, from, to),
    blob: (key) => anchor.blob(mesh, key),
    tree,
    async checkpoint() {
      const newest = await anchor.newest(mesh);
      if (newest === undefined) return undefined;
      const head = parseHead(newest.head);
      const note = head.ok ? parseSignedNote(head.value.checkpoint) : head;
      if (!head.ok || !note.ok) throw new AnchorError("anchor_damaged", `the newest head of ${mesh} can't be read`);
      const { text, signatures } = note.value;
      if (renewal?.checkpointText !== text) return head.value.checkpoint;
      const { freshness } = renewal;
      return encodeSignedNote({
        text,
        signatures: [...signatures.filter(({ name }) => name !== freshness.name), freshness],
      });
    },
    renewed(checkpointText, freshness) {
      renewal = { checkpointText, freshness };
    },
  };
}
