/**
 * What a locked revision replaces: the entries of its parent, from whoever has them. Nobody is believed: entries are
 * taken only where they have the config root that the lock names, and that is signed.
 */
import type { Entries } from "../../shared/document/entry.ts";
import { fromUtf8, toBase64, type Bytes } from "../../shared/encoding/bytes.ts";
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import { entriesOfSnapshot, parseSnapshot, treeOfSnapshot } from "../../shared/store/snapshot.ts";
import type { ReleaseSummary } from "../engine/release-summary.ts";
import { loadDocument } from "../locker/load.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { parentOfFirst } from "../locker/lock-slots.ts";
import { verifyLock } from "../locker/verify-lock.ts";
import type { Call } from "./command.ts";
import { reach } from "./control-plane.ts";
import { commitsOf, fileAt } from "./git.ts";
import { lockFileName } from "./lock-file-on-disk.ts";

export interface ParentContent {
  readonly entries: Entries;
  /** For people. */
  readonly from: string;
}

/** `undefined` where neither the control plane nor git has it. */
export async function findParentContent(call: Call, lock: Lock): Promise<ParentContent | undefined> {
  if (lock.parent === parentOfFirst) return { entries: new Map(), from: "nothing" };
  return (await fromControlPlane(call, lock)) ?? (await fromGit(call, lock));
}

async function fromControlPlane(call: Call, { mesh, origin, parent }: Lock): Promise<ParentContent | undefined> {
  const remote = reach(call, mesh);
  if (!remote.ok) return undefined;
  const { send, url } = remote.value;
  const listed = await send({ method: "GET", path: "/releases" });
  const { releases = [] } = (listed.ok ? listed.value : {}) as { releases?: readonly ReleaseSummary[] };
  const release = releases.find(({ configRoot }) => configRoot === parent)?.release;
  if (release === undefined) return undefined;
  const sent = await send({ method: "GET", path: `/releases/${release}/snapshot` });
  const snapshot = sent.ok ? parseSnapshot(JSON.stringify(sent.value)) : sent;
  if (!snapshot.ok || snapshot.value.origin !== origin) return undefined;
  const tree = treeOfSnapshot(snapshot.value);
  if (!tree.ok || toBase64(tree.value.root) !== parent) return undefined;
  return { entries: entriesOfSnapshot(snapshot.value), from: `release ${release}, from ${url}` };
}

/** A merge may lie between the parent and now, but not many. */
const commitsMax = 20;

async function fromGit({ global: { dir } }: Call, { mesh, parent }: Lock): Promise<ParentContent | undefined> {
  for (const commit of await commitsOf(dir, lockFileName, commitsMax)) {
    const bytes = await fileAt(dir, commit, lockFileName);
    const lockText = bytes === undefined ? undefined : fromUtf8(bytes);
    const lock = lockText === undefined ? undefined : parseLockFile(lockText);
    if (lockText === undefined || lock?.ok !== true || lock.value.configRoot !== parent) continue;
    const files = await filesAt(dir, commit, lock.value);
    // Where its endpoints may be is for those who publish it; here it is only compared.
    const { entries } = loadDocument(files, { mesh, allowInsecureEndpoints: true });
    if (entries === undefined) continue;
    const digests = new Map([...files].map(([name, file]) => [name, digestOfBytes(file)]));
    const verdict = await verifyLock({ lockText, mesh, entries, files: digests });
    if (verdict.kind === "ok") return { entries, from: `git commit ${commit.slice(0, 12)}` };
  }
  return undefined;
}

async function filesAt(dir: string, commit: string, lock: Lock): Promise<ReadonlyMap<string, Bytes>> {
  const files = new Map<string, Bytes>();
  for (const name of lock.files.keys()) {
    const file = await fileAt(dir, commit, name);
    if (file !== undefined) files.set(name, file);
  }
  return files;
}
