/** The state of one mesh, as the newest release in the anchor has it. */
import type { Entries } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { fromBase64 } from "../../shared/encoding/bytes.ts";
import { extendFrontier, frontierBefore, type Frontier } from "../../shared/merkle/frontier.ts";
import type { Hash } from "../../shared/merkle/hash.ts";
import { parseHead } from "../../shared/store/head.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import { entriesOfSnapshot, parseSnapshot } from "../../shared/store/snapshot.ts";
import type { Detail } from "../../shared/trust/detail.ts";
import type { Overlay } from "../../shared/trust/overlay.ts";
import { parseStatement, type Statement } from "../../shared/trust/statement.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import type { Anchor, AnchoredRelease } from "../publisher/anchor.ts";

export interface MeshState {
  readonly newest: AnchoredRelease;
  /** Of the whole log. */
  readonly frontier: Frontier;
  readonly statement: Statement;
  readonly overlay: Overlay;
  readonly detail: Detail;
  readonly lock: Lock;
  readonly lockText: string;
  readonly snapshot: string;
  readonly entries: Entries;
}

/** Reads a mesh's state; throws where the anchor's own content doesn't add up, for then nothing may be signed on it. */
export async function loadState(anchor: Anchor, mesh: MeshId, newest: AnchoredRelease): Promise<MeshState> {
  const head = parseHead(newest.head);
  const statement = parseStatement(newest.statement);
  if (!head.ok || !statement.ok) throw broken(mesh, "its newest head or statement can't be read");
  const { lockDigest, snapshotDigest } = statement.value;
  const lockText = await anchor.blob(mesh, controlPlaneKeys(mesh).lock(lockDigest));
  const snapshotText = await anchor.blob(mesh, publicKeys(mesh).snapshot(snapshotDigest));
  const lock = lockText === undefined ? undefined : parseLockFile(lockText);
  const snapshot = snapshotText === undefined ? undefined : parseSnapshot(snapshotText);
  if (lockText === undefined || snapshotText === undefined || !lock?.ok || !snapshot?.ok) {
    throw broken(mesh, `the lock or snapshot of revision ${statement.value.revision} is missing or can't be read`);
  }
  return {
    newest,
    frontier: frontierOf(mesh, newest, head.value.proof),
    statement: statement.value,
    overlay: head.value.overlay,
    detail: head.value.detail,
    lock: lock.value,
    lockText,
    snapshot: snapshotText,
    entries: entriesOfSnapshot(snapshot.value),
  };
}

/** The head's own proof holds the frontier: no need to read the log. */
function frontierOf(mesh: MeshId, { size, leaf }: AnchoredRelease, proofTexts: readonly string[]): Frontier {
  const proof = proofTexts.map((text) => bytesOf(mesh, text));
  const before = frontierBefore(size, proof);
  if (!before.ok) throw broken(mesh, "the proof of its newest leaf doesn't fit its size");
  return extendFrontier(before.value, bytesOf(mesh, leaf));
}

function bytesOf(mesh: MeshId, text: string): Hash {
  const bytes = fromBase64(text);
  if (!bytes.ok) throw broken(mesh, "a hash is not base64");
  return bytes.value;
}

const broken = (mesh: MeshId, what: string): Error => new Error(`the anchor of ${mesh} is damaged: ${what}`);
