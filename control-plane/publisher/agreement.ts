/**
 * Whether Redis holds exactly what the anchor says was signed. Redis is believed nothing: a head that this log's key
 * didn't sign tells that Redis was altered, whatever size it claims, and one that it did sign is evidence.
 */
import type { Redis } from "@upstash/redis";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { toBase64 } from "../../shared/encoding/bytes.ts";
import { parseHead } from "../../shared/store/head.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { parseCheckpoint } from "../../shared/trust/checkpoint.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { isSignedBy, parseSignedNote } from "../../shared/trust/signed-note.ts";
import type { Anchor, AnchoredRelease } from "./anchor.ts";
import { rolledBack, type PublishFault } from "./store-fault.ts";

/** What Redis holds of a log, read at one moment. */
export interface StoredLog {
  readonly head: string | null;
  /** Lengths of the lists. */
  readonly leaves: number;
  readonly statements: number;
  /** How many of the blobs that were asked for are there. */
  readonly blobs: number;
}

/** `undefined` where a key holds another kind of value: nothing of ours wrote that. */
export async function readStoredLog(
  redis: Redis,
  mesh: MeshId,
  blobKeys: readonly string[],
): Promise<StoredLog | undefined> {
  const keys = publicKeys(mesh);
  // One that is never written stands in where there is none to ask for.
  const asked = blobKeys.length > 0 ? blobKeys : [`${keys.head}:none`];
  const replies = await redis
    .multi()
    .get<string | null>(keys.head)
    .llen(keys.leaves)
    .llen(keys.statements)
    .exists(...asked)
    .exec({ keepErrors: true });
  const failure = replies.find(({ error }) => error !== undefined && error !== null)?.error;
  if (failure?.startsWith("WRONGTYPE") === true) return undefined;
  if (failure) throw new Error(failure);
  const [head, leaves, statements, blobs] = replies.map(({ result }) => result ?? null);
  return {
    head: head as string | null,
    leaves: Number(leaves),
    statements: Number(statements),
    blobs: Number(blobs),
  };
}

export type Agreement =
  | { readonly kind: "agreed" }
  /** The log is right, but something that it names by digest is gone. */
  | { readonly kind: "blobs_missing" }
  /** Redis doesn't hold the newest release, and it is not known to have held it: it may be published. */
  | { readonly kind: "unpublished" }
  | { readonly kind: "disagreed"; readonly fault: PublishFault };

/** @param blobsWanted how many blobs the newest release names */
export async function compare(
  mesh: MeshId,
  newest: AnchoredRelease | undefined,
  stored: StoredLog | undefined,
  blobsWanted: number,
  anchor: Anchor,
  policies: readonly MeshPolicy[],
): Promise<Agreement> {
  if (stored !== undefined && newest !== undefined && stored.head === newest.head) {
    if (stored.leaves !== newest.size || stored.statements !== newest.size) {
      return disagreed(
        rolledBack(newest, `its lists have ${stored.leaves} leaves and ${stored.statements} statements`),
      );
    }
    return { kind: stored.blobs < blobsWanted ? "blobs_missing" : "agreed" };
  }
  const signed = await signedPosition(stored?.head ?? null, policies);
  if (signed !== undefined && !(await isInAnchor(anchor, mesh, signed))) {
    return disagreed({ code: "anchor_behind", message: anchorBehind(mesh, signed.size, newest) });
  }
  if (newest === undefined) {
    const empty = stored !== undefined && stored.head === null && stored.leaves === 0 && stored.statements === 0;
    return empty ? { kind: "agreed" } : disagreed({ code: "store_rolled_back", message: foreign(mesh) });
  }
  if (!newest.published) return { kind: "unpublished" };
  return disagreed(rolledBack(newest, differenceOf(newest, stored, signed)));
}

const disagreed = (fault: PublishFault): Agreement => ({ kind: "disagreed", fault });

interface Position {
  readonly size: number;
  readonly root: string;
}

/** Where a stored head says that the log ends, if a key of the log's own signed that. */
async function signedPosition(headText: string | null, policies: readonly MeshPolicy[]): Promise<Position | undefined> {
  const head = headText === null ? undefined : parseHead(headText);
  const note = head?.ok ? parseSignedNote(head.value.checkpoint) : undefined;
  const checkpoint = note?.ok ? parseCheckpoint(note.value.text) : undefined;
  if (!note?.ok || !checkpoint?.ok) return undefined;
  const { origin, size, root } = checkpoint.value;
  for (const policy of policies) {
    if (policy.origin === origin && (await isSignedBy(policy.log, note.value))) return { size, root: toBase64(root) };
  }
  return undefined;
}

async function isInAnchor(anchor: Anchor, mesh: MeshId, { size, root }: Position): Promise<boolean> {
  const [known] = await anchor.releases(mesh, size - 1, size);
  return known?.root === root;
}

function anchorBehind(mesh: MeshId, found: number, newest: AnchoredRelease | undefined): string {
  const known = newest?.size ?? 0;
  const what =
    found > known
      ? `Redis holds ${found} releases of ${mesh}, the anchor ${known}`
      : `Redis holds another history of ${mesh} than the anchor, signed by the same key`;
  return `${what}: the anchor was lost or restored. Put its newest backup in place; nothing may be signed on an older one`;
}

const foreign = (mesh: MeshId): string =>
  `Redis holds a log of ${mesh} that this control plane's key didn't sign, and the anchor holds none. Use another database, or remove the keys flagmesh:{${mesh}}:* from this one`;

function differenceOf(newest: AnchoredRelease, stored: StoredLog | undefined, signed: Position | undefined): string {
  if (stored === undefined) return "its keys hold other kinds of values";
  if (stored.head === null) return "it has no head";
  if (signed === undefined || signed.size === newest.size) return "its head was altered";
  return `it ends at release ${signed.size - 1}`;
}
