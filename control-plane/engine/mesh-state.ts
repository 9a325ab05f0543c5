/** The state of one mesh, as the newest release in the anchor has it. */
import type { Entries } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { fromBase64, toBase64, utf8 } from "../../shared/encoding/bytes.ts";
import { digestOfLarge, type Digest } from "../../shared/encoding/digest.ts";
import { extendFrontier, frontierBefore, frontierRoot, type Frontier } from "../../shared/merkle/frontier.ts";
import type { Hash } from "../../shared/merkle/hash.ts";
import { parseHead } from "../../shared/store/head.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import { entriesOfSnapshot, parseSnapshot } from "../../shared/store/snapshot.ts";
import { parseCheckpoint } from "../../shared/trust/checkpoint.ts";
import type { Detail } from "../../shared/trust/detail.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import type { Overlay } from "../../shared/trust/overlay.ts";
import { isSignedBy, parseSignedNote } from "../../shared/trust/signed-note.ts";
import { parseStatement, type Statement } from "../../shared/trust/statement.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { AnchorError, type Anchor, type AnchoredRelease } from "../publisher/anchor.ts";

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

/**
 * Reads a mesh's state. Rejects with an `AnchorError` where what the anchor holds doesn't add up, or is of another log
 * than the policy's: then nothing may be signed on it.
 */
export async function loadState(
  anchor: Anchor,
  mesh: MeshId,
  newest: AnchoredRelease,
  policy: MeshPolicy,
): Promise<MeshState> {
  const head = parseHead(newest.head);
  const statement = parseStatement(newest.statement);
  if (!head.ok || !statement.ok) throw damaged(mesh, "its newest head or statement can't be read");
  const frontier = frontierOf(mesh, newest, head.value.proof);
  await checkSigned(mesh, newest, head.value.checkpoint, policy);
  if (toBase64(frontierRoot(frontier)) !== newest.root) throw damaged(mesh, "its newest leaf is not in its log");
  const { lockDigest, snapshotDigest } = statement.value;
  const lockText = await blobOf(anchor, mesh, controlPlaneKeys(mesh).lock(lockDigest), lockDigest);
  const snapshotText = await blobOf(anchor, mesh, publicKeys(mesh).snapshot(snapshotDigest), snapshotDigest);
  const lock = parseLockFile(lockText);
  const snapshot = parseSnapshot(snapshotText);
  if (!lock.ok || !snapshot.ok) {
    throw damaged(mesh, `the lock or snapshot of revision ${statement.value.revision} can't be read`);
  }
  return {
    newest,
    frontier,
    statement: statement.value,
    overlay: head.value.overlay,
    detail: head.value.detail,
    lock: lock.value,
    lockText,
    snapshot: snapshotText,
    entries: entriesOfSnapshot(snapshot.value),
  };
}

/** The newest checkpoint is what the anchor says, of this origin, and by this key. */
async function checkSigned(
  mesh: MeshId,
  { size, root }: AnchoredRelease,
  noteText: string,
  policy: MeshPolicy,
): Promise<void> {
  const note = parseSignedNote(noteText);
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : undefined;
  if (!note.ok || !checkpoint?.ok) throw damaged(mesh, "its newest checkpoint can't be read");
  if (checkpoint.value.size !== size || toBase64(checkpoint.value.root) !== root) {
    throw damaged(mesh, "its newest checkpoint is not that of its newest release");
  }
  if (checkpoint.value.origin !== policy.origin || !(await isSignedBy(policy.log, note.value))) {
    throw damaged(mesh, `its log is of ${checkpoint.value.origin}, not of ${policy.origin} by the key in its policy`);
  }
}

async function blobOf(anchor: Anchor, mesh: MeshId, key: string, digest: Digest): Promise<string> {
  const text = await anchor.blob(mesh, key);
  if (text === undefined || (await digestOfLarge(utf8(text))) !== digest) {
    throw damaged(mesh, `${key} is missing or has another digest`);
  }
  return text;
}

/** The head's own proof holds the frontier: no need to read the log. */
function frontierOf(mesh: MeshId, { size, leaf }: AnchoredRelease, proofTexts: readonly string[]): Frontier {
  const proof = proofTexts.map((text) => bytesOf(mesh, text));
  const before = frontierBefore(size, proof);
  if (!before.ok) throw damaged(mesh, "the proof of its newest leaf doesn't fit its size");
  return extendFrontier(before.value, bytesOf(mesh, leaf));
}

function bytesOf(mesh: MeshId, text: string): Hash {
  const bytes = fromBase64(text);
  if (!bytes.ok) throw damaged(mesh, "a hash is not base64");
  return bytes.value;
}

const damaged = (mesh: MeshId, what: string): AnchorError =>
  new AnchorError("anchor_damaged", `the anchor of ${mesh} is damaged: ${what}`);
