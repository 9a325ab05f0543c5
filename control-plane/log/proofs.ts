/** Proofs made from what the anchor holds: of one entry in one release, and of one log in a later one. */
import type { EntryProof } from "../../shared/audit/entry-proof.ts";
import { isEntryKey } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { base64Bytes, toBase64 } from "../../shared/encoding/bytes.ts";
import { consistencyProof, inclusionProof } from "../../shared/merkle/proof.ts";
import { prefixOf, treeOf } from "../../shared/merkle/tree.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { parseSnapshot } from "../../shared/store/snapshot.ts";
import { parseCheckpoint } from "../../shared/trust/checkpoint.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import { parseStatement, type Statement } from "../../shared/trust/statement.ts";
import { AnchorError } from "../publisher/anchor.ts";
import { readPolicies } from "./policies.ts";
import type { ReleaseLog } from "./release-log.ts";

export interface ProofFault {
  readonly code: "release_unknown" | "entry_unknown" | "nothing_published" | "bad_request";
  readonly message: string;
}

const fault = (code: ProofFault["code"], message: string): Result<never, ProofFault> => err({ code, message });
const damaged = (what: string): AnchorError => new AnchorError("anchor_damaged", `the anchor is damaged: ${what}`);

/** @param release whose entry is meant; absent: the newest */
export async function proveEntry(
  log: ReleaseLog,
  mesh: MeshId,
  key: string,
  release: number | undefined,
): Promise<Result<EntryProof, ProofFault>> {
  const checkpoint = await log.checkpoint();
  if (checkpoint === undefined) return fault("nothing_published", `${mesh} has no release yet`);
  const size = sizeOf(checkpoint);
  const number = release ?? size - 1;
  const [found] = number < size ? await log.releases(number, number + 1) : [];
  if (found === undefined) return fault("release_unknown", `there is no release ${number}`);
  const statement = parseStatement(found.statement);
  if (!statement.ok) throw damaged(`the statement of release ${number} is ${statement.error}`);
  const entry = await readEntry(log, mesh, key, statement.value);
  if (entry === undefined) return fault("entry_unknown", `release ${number} has no ${key}`);
  const tree = prefixOf(await log.tree(), size);
  return ok({
    type: "flagmesh/entry-proof/v1",
    entry,
    statement: found.statement,
    logPath: inclusionProof(tree, number).map(toBase64),
    checkpoint,
    policies: await readPolicies(log, mesh),
  });
}

function sizeOf(note: string): number {
  const parsed = parseSignedNote(note);
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
  if (!checkpoint.ok) throw damaged("the newest checkpoint can't be read");
  return checkpoint.value.size;
}

async function readEntry(
  log: ReleaseLog,
  mesh: MeshId,
  key: string,
  { snapshotDigest, configRoot, release }: Statement,
): Promise<EntryProof["entry"] | undefined> {
  const text = await log.blob(publicKeys(mesh).snapshot(snapshotDigest));
  const snapshot = text === undefined ? undefined : parseSnapshot(text);
  if (snapshot?.ok !== true) throw damaged(`the snapshot of release ${release} is missing or can't be read`);
  const { slots } = snapshot.value;
  const slot = slots.findIndex((candidate) => candidate.key === key);
  const found = slots[slot];
  if (found === undefined || !isEntryKey(found.key)) return undefined;
  const tree = treeOf(slots.map(({ leaf }) => base64Bytes(leaf)));
  if (toBase64(tree.root) !== configRoot) throw damaged(`the snapshot of release ${release} has another root`);
  const { rev, salt, value } = found;
  return { key: found.key, value, rev, salt, slot, path: inclusionProof(tree, slot).map(toBase64) };
}

export interface Consistency {
  readonly from: LogSize;
  readonly to: LogSize;
  /** RFC 9162, 2.1.4.1. */
  readonly proof: readonly string[];
}

interface LogSize {
  readonly size: number;
  readonly root: string;
}

/** That the log of `from` releases is the beginning of the log of `to` releases. */
export async function proveConsistency(
  log: ReleaseLog,
  from: number,
  to: number | undefined,
): Promise<Result<Consistency, ProofFault>> {
  const whole = await log.tree();
  const later = to ?? whole.size;
  if (from < 1 || from > later || later > whole.size) {
    return fault("bad_request", `from and to are sizes of the log: 1 to ${whole.size}, from not above to`);
  }
  const tree = prefixOf(whole, later);
  return ok({
    from: { size: from, root: toBase64(prefixOf(tree, from).root) },
    to: { size: later, root: toBase64(tree.root) },
    proof: consistencyProof(tree, from).map(toBase64),
  });
}
