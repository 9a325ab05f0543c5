/**
 * Verifying a lock against the document: offline, writing nothing, and telling apart what people mend in different ways.
 * Every verdict but `ok` says what was wanted, what was found, and the command that mends it.
 */
import type { Entries, EntryKey } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { exceedsBytes } from "../../shared/encoding/bytes.ts";
import { digestOf, type Digest } from "../../shared/encoding/digest.ts";
import { limits } from "../../shared/limits.ts";
import { encodeSnapshot, type Slot } from "../../shared/store/snapshot.ts";
import { countApprovals } from "../../shared/trust/approval.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { slotsOf, sumLock, type Tampering } from "./lock-slots.ts";
import { parseLockFile, type Lock } from "./lock-file.ts";
import type { Changes } from "./lock.ts";

export interface VerifyInput {
  /** `undefined`: there is no lock file. */
  readonly lockText: string | undefined;
  /** What the document, or the command line, calls the mesh; `undefined` where neither does. */
  readonly mesh?: MeshId | undefined;
  readonly entries: Entries;
  /** Digest of each source file's bytes. */
  readonly files: ReadonlyMap<string, Digest>;
  /** Of the mesh policy. Without them approvals are not looked at. */
  readonly approvers?: MeshPolicy["approvers"] | undefined;
}

interface Mendable {
  readonly wanted: string;
  readonly found: string;
  /** A command. */
  readonly mend: string;
}

export type LockVerdict =
  | { readonly kind: "ok"; readonly lock: Lock; /** Has the lock's digest. */ readonly snapshot: string }
  | (Mendable & { readonly kind: "missing" })
  | (Mendable & { readonly kind: "malformed" | "conflicted"; readonly line: number })
  /** The document changed since. Without changed entries, relocking gives no new revision and keeps the approvals. */
  | (Mendable & { readonly kind: "drifted"; readonly files: Changes<string>; readonly entries: Changes<EntryKey> })
  /** The hashes don't add up. */
  | (Mendable & { readonly kind: "tampered"; readonly what: Tampering["what"] })
  | (Mendable & { readonly kind: "unapproved"; readonly threshold: number; readonly approvals: number });

const relock = "flagmesh lock";
const restore = "git restore flagmesh.lock";

export async function verifyLock(input: VerifyInput): Promise<LockVerdict> {
  const { lockText, mesh, entries, approvers } = input;
  if (lockText === undefined) {
    return { kind: "missing", wanted: "flagmesh.lock beside the document", found: "no such file", mend: relock };
  }
  const parsed = parseLockFile(lockText);
  if (!parsed.ok) {
    const { code, line, message } = parsed.error;
    const found = `line ${line}: ${message}`;
    return code === "lock_conflicted"
      ? { kind: "conflicted", line, wanted: "one lock, not two halves of a merge", found, mend: relock }
      : { kind: "malformed", line, wanted: "a lock as flagmesh wrote it", found, mend: restore };
  }
  const lock = parsed.value;
  const sum = sumLock(lock);
  if (!sum.ok) return tampered(sum.error);

  const files = changesOf(lock.files, input.files, (path) => lock.files.get(path) !== input.files.get(path));
  if (mesh !== undefined && mesh !== lock.mesh) {
    return {
      kind: "drifted",
      wanted: `a lock of ${mesh}`,
      found: `one of ${lock.mesh}`,
      mend: `rm flagmesh.lock && ${relock}`,
      files,
      entries: { added: [], changed: [], removed: [] },
    };
  }
  const slots = slotsOf(lock, entries);
  const entryChanges = changesOf(lock.entries, entries, (key) => {
    const locked = lock.entries.get(key)!;
    return slots[locked.slot]?.leaf !== locked.leaf;
  });
  if (!isEmpty(files)) return drifted(files, entryChanges);
  if (!isEmpty(entryChanges)) return tampered(wrongLeaf(lock, slots, entryChanges));

  const snapshot = encodeSnapshot({ origin: lock.origin, slots });
  if (exceedsBytes(snapshot, limits.snapshotBytesMax)) {
    const wanted = `of at most ${limits.snapshotBytesMax} bytes`;
    return tampered({ what: "snapshot", wanted, found: "more, which flagmesh doesn't lock" });
  }
  const snapshotDigest = digestOf(snapshot);
  if (snapshotDigest !== lock.snapshotDigest) {
    return tampered({ what: "snapshot", wanted: snapshotDigest, found: lock.snapshotDigest });
  }
  if (approvers !== undefined) {
    const approvals = await countApprovals(lock, lock.approvals, approvers.keys);
    if (approvals < approvers.threshold) return unapproved(lock, approvers.threshold, approvals);
  }
  return { kind: "ok", lock, snapshot };
}

/** What became of the keys of a map, sorted. @param differs of a key that both have */
function changesOf<K extends string>(
  before: ReadonlyMap<K, unknown>,
  after: ReadonlyMap<K, unknown>,
  differs: (key: K) => boolean,
): Changes<K> {
  return {
    added: [...after.keys()].filter((key) => !before.has(key)).sort(),
    changed: [...after.keys()].filter((key) => before.has(key) && differs(key)).sort(),
    removed: [...before.keys()].filter((key) => !after.has(key)).sort(),
  };
}

const isEmpty = ({ added, changed, removed }: Changes<string>): boolean =>
  added.length + changed.length + removed.length === 0;

function drifted(files: Changes<string>, entries: Changes<EntryKey>): LockVerdict {
  const found = isEmpty(entries)
    ? `${told(files)}; no entry differs, so approvals will stay`
    : `${told(files)}; entries: ${told(entries)}`;
  return { kind: "drifted", wanted: "the document that was locked", found, mend: relock, files, entries };
}

const namesToldMax = 5;

function told(changes: Changes<string>): string {
  const parts = (["added", "changed", "removed"] as const).flatMap((what) => {
    const names = changes[what];
    const more = names.length > namesToldMax ? ` and ${names.length - namesToldMax} more` : "";
    return names.length === 0 ? [] : [`${what} ${names.slice(0, namesToldMax).join(", ")}${more}`];
  });
  return parts.join("; ");
}

/** The very files that were locked give other entries: either the lock was edited, or another version read them. */
function wrongLeaf({ entries, tool }: Lock, slots: readonly Slot[], changes: Changes<EntryKey>): Tampering {
  const found = `${told(changes)}, in files that are as they were locked by ${tool}`;
  const [key] = changes.changed;
  const locked = key === undefined ? undefined : entries.get(key);
  if (locked === undefined) return { what: "leaf", wanted: "the entries that were locked", found };
  return { what: "leaf", wanted: `${key}: leaf ${slots[locked.slot]?.leaf}`, found: `leaf ${locked.leaf}; ${found}` };
}

const tampered = ({ what, wanted, found }: Tampering): LockVerdict => ({
  kind: "tampered",
  what,
  wanted: `${what} ${wanted}`,
  found,
  mend: restore,
});

const unapproved = (lock: Lock, threshold: number, approvals: number): LockVerdict => ({
  kind: "unapproved",
  threshold,
  approvals,
  wanted: `revision ${lock.revision} approved by ${threshold} of the mesh policy's keys`,
  found: `${approvals} valid of ${lock.approvals.signatures.length} ${lock.approvals.signatures.length === 1 ? "signature" : "signatures"}`,
  mend: "flagmesh approve",
});
