/**
 * Rolling back: the content of an old release as the next revision. It is no way of its own: what comes out is a push, a
 * document and a lock on the newest one, and is checked like any other. Where the undo that was approved with the newest
 * revision leads to that very content, the lock carries its approvals.
 */
import { denormalise, documentText } from "../../shared/document/denormalise.ts";
import type { Entries } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { base64Bytes, utf8 } from "../../shared/encoding/bytes.ts";
import { digestOf, digestOfBytes } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { entriesOfSnapshot, parseSnapshot } from "../../shared/store/snapshot.ts";
import type { Overlay } from "../../shared/trust/overlay.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import { lock } from "../locker/lock.ts";
import type { ReleaseLog } from "../log/release-log.ts";
import { AnchorError } from "../publisher/anchor.ts";
import { toolName } from "../tool.ts";
import type { Push } from "../validator/validate-push.ts";
import type { EngineFault } from "./fault.ts";
import type { MeshState } from "./mesh-state.ts";

/** The one file of a document that was made of entries. */
export const restoredFileName = "mesh.json";

/** @param release whose content is to be in force again */
export async function restoringPush(
  log: ReleaseLog,
  mesh: MeshId,
  release: number,
  state: MeshState,
): Promise<Result<Push, EngineFault>> {
  const entries = await entriesOf(log, mesh, release);
  if (entries === undefined) return err({ code: "release_unknown", message: `there is no release ${release}` });
  const file = utf8(documentText(denormalise(mesh, entries)));
  const { origin, seed } = state.lock;
  const locked = lock({
    mesh,
    origin,
    entries,
    files: new Map([[restoredFileName, digestOfBytes(file)]]),
    previous: state.lock,
    seed: base64Bytes(seed),
    tool: toolName,
  });
  if (locked.ok) return ok({ files: new Map([[restoredFileName, file]]), lock: locked.value.text });
  const { error } = locked;
  if (error.code === "snapshot_too_large" || error.code === "lock_too_large") {
    return err({ code: "snapshot_too_large", message: `the mesh takes more than ${error.bytesMax} bytes` });
  }
  throw new Error(`the newest lock of ${mesh} can't be followed: ${error.code}`);
}

async function entriesOf(log: ReleaseLog, mesh: MeshId, number: number): Promise<Entries | undefined> {
  const [release] = await log.releases(number, number + 1);
  if (release === undefined) return undefined;
  const statement = parseStatement(release.statement);
  const digest = statement.ok ? statement.value.snapshotDigest : undefined;
  const text = digest === undefined ? undefined : await log.blob(publicKeys(mesh).snapshot(digest));
  const snapshot = text === undefined || digestOf(text) !== digest ? undefined : parseSnapshot(text);
  if (snapshot?.ok === true) return entriesOfSnapshot(snapshot.value);
  throw new AnchorError("anchor_damaged", `the anchor of ${mesh} lost the snapshot of release ${number}`);
}

/** A flag that the restored content doesn't have is served to nobody, so what operators did to it is no longer needed. */
export const overlayFor = (overlay: Overlay, entries: Entries): Overlay =>
  Object.fromEntries(Object.entries(overlay).filter(([flag]) => entries.has(`flag:${flag}`)));

/** An operator reads this at night: what is missing, and what to do. */
export function explainUnapproved(fault: EngineFault, release: number): EngineFault {
  const way = `\`flagmesh rollback ${release} --out DIR\` writes that revision for approvers to sign; then push it`;
  switch (fault.code) {
    case "approvals_insufficient":
      return { ...fault, message: `going back to release ${release} was not approved beforehand. ${way}` };
    case "approvals_expired":
      return { ...fault, message: `going back to release ${release} was approved, and ${fault.message}. ${way}` };
    default:
      return fault;
  }
}
