/** Locking: the next lock and snapshot of a mesh, from the previous lock and what the document says now. */
import type { Entries, EntryKey } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { base64Bytes, exceedsBytes, toBase64, type Bytes } from "../../shared/encoding/bytes.ts";
import { digestOf, type Digest } from "../../shared/encoding/digest.ts";
import { limits } from "../../shared/limits.ts";
import { vacantKey } from "../../shared/merkle/config-leaf.ts";
import { inSlotOrder } from "../../shared/merkle/config-salt.ts";
import { treeOf } from "../../shared/merkle/tree.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { encodeSnapshot, type Slot } from "../../shared/store/snapshot.ts";
import { noApprovals, type Approvals } from "../../shared/trust/approval.ts";
import { entrySlot, parentOfFirst, sumLock, vacantSlot, type Tampering } from "./lock-slots.ts";
import { encodeLockFile, type Lock } from "./lock-file.ts";

export interface LockInput {
  readonly mesh: MeshId;
  /** `<deployment>/<mesh>`. */
  readonly origin: string;
  readonly entries: Entries;
  /** Digest of each source file's bytes. */
  readonly files: ReadonlyMap<string, Digest>;
  readonly previous?: Lock | undefined;
  /** 32 random bytes, for a first lock: later ones keep the seed of the previous. */
  readonly seed: Bytes;
  /** Name and version of what locks. */
  readonly tool: string;
}

export interface Locked {
  readonly lock: Lock;
  /** The lock file. */
  readonly text: string;
  /** Its digest is the lock's `snapshotDigest`. */
  readonly snapshot: string;
  /** Whether this is a new revision; `false` where only files changed, or nothing. */
  readonly changed: boolean;
  readonly entries: Changes<EntryKey>;
}

export interface Changes<K> {
  readonly added: readonly K[];
  readonly changed: readonly K[];
  readonly removed: readonly K[];
}

export type LockRefusal =
  /** The previous lock is of another mesh or deployment. Its revisions mean nothing here. */
  | { readonly code: "origin_changed"; readonly wanted: string; readonly found: string }
  /** The previous lock's hashes don't add up, so nothing can follow it. */
  | { readonly code: "previous_tampered"; readonly tampering: Tampering }
  | { readonly code: "snapshot_too_large" | "lock_too_large"; readonly bytesMax: number };

/**
 * Unchanged entries keep slot, revision and leaf. A changed one keeps its slot; a removed one leaves it vacant; new ones
 * take the lowest vacant slots, else new ones. Where no entry changed, the lock keeps its revision and approvals, and
 * only its list of files follows the document.
 */
export function lock(input: LockInput): Result<Locked, LockRefusal> {
  const { origin, previous } = input;
  if (previous !== undefined) {
    if (previous.origin !== origin || previous.mesh !== input.mesh) {
      return err({ code: "origin_changed", wanted: origin, found: previous.origin });
    }
    const sum = sumLock(previous);
    if (!sum.ok) return err({ code: "previous_tampered", tampering: sum.error });
  }
  const { slots, ...entries } = place(input);
  const snapshot = encodeSnapshot({ origin, slots });
  const changed = previous === undefined || entries.added.length + entries.changed.length + entries.removed.length > 0;
  if (exceedsBytes(snapshot, limits.snapshotBytesMax)) {
    return err({ code: "snapshot_too_large", bytesMax: limits.snapshotBytesMax });
  }
  const snapshotDigest = digestOf(snapshot);
  if (!changed && snapshotDigest !== previous.snapshotDigest) {
    const tampering = { what: "snapshot", wanted: snapshotDigest, found: previous.snapshotDigest } as const;
    return err({ code: "previous_tampered", tampering });
  }
  const next = changed ? revise(input, slots, snapshotDigest) : withFiles(previous, input);
  const text = encodeLockFile(next);
  if (exceedsBytes(text, limits.lockBytesMax)) return err({ code: "lock_too_large", bytesMax: limits.lockBytesMax });
  return ok({ lock: next, text, snapshot, changed, entries });
}

/** The slots of the next revision, and what changed since the previous. */
function place({ entries, previous, seed: firstSeed }: LockInput): Changes<EntryKey> & { readonly slots: Slot[] } {
  const seed = previous === undefined ? firstSeed : base64Bytes(previous.seed);
  const revision = (previous?.revision ?? 0) + 1;
  const slots: Slot[] = [];
  const changed: EntryKey[] = [];
  const removed: EntryKey[] = [];
  for (const { slot, rev } of previous?.vacant ?? []) slots[slot] = vacantSlot(seed, slot, rev);
  for (const [key, { rev, slot, leaf }] of previous?.entries ?? []) {
    const value = entries.get(key);
    if (value === undefined) {
      slots[slot] = vacantSlot(seed, slot, revision);
      removed.push(key);
      continue;
    }
    const kept = entrySlot(seed, key, rev, value);
    slots[slot] = kept.leaf === leaf ? kept : entrySlot(seed, key, revision, value);
    if (kept.leaf !== leaf) changed.push(key);
  }
  const added = [...entries.keys()].filter((key) => previous?.entries.has(key) !== true);
  const vacant = slots.flatMap(({ key }, slot) => (key === vacantKey ? [slot] : []));
  for (const [index, key] of inSlotOrder(seed, added).entries()) {
    slots[vacant[index] ?? slots.length] = entrySlot(seed, key, revision, entries.get(key)!);
  }
  return { slots, added: added.sort(), changed: changed.sort(), removed: removed.sort() };
}

function revise(input: LockInput, slots: readonly Slot[], snapshotDigest: Digest): Lock {
  const { mesh, origin, previous, files, tool } = input;
  const entries: Lock["entries"] = new Map();
  const vacant: Lock["vacant"] = [];
  for (const [slot, { key, rev, leaf }] of slots.entries()) {
    if (key === vacantKey) vacant.push({ slot, rev });
    else entries.set(key, { rev, slot, leaf });
  }
  const content = {
    configSize: slots.length,
    configRoot: toBase64(treeOf(slots.map(({ leaf }) => base64Bytes(leaf))).root),
    snapshotDigest,
  };
  return {
    lockVersion: 1,
    mesh,
    origin,
    revision: (previous?.revision ?? 0) + 1,
    parent: previous?.configRoot ?? parentOfFirst,
    seed: previous?.seed ?? toBase64(input.seed),
    files: new Map(files),
    entries,
    vacant,
    ...content,
    approvals: undoApprovals(previous, content) ?? noApprovals,
    undo: null,
    tool,
  };
}

/** Whoever approved the previous revision with its undo has approved exactly this content after it. */
function undoApprovals(
  previous: Lock | undefined,
  { configRoot, configSize, snapshotDigest }: Pick<Lock, "configRoot" | "configSize" | "snapshotDigest">,
): Approvals | undefined {
  const undo = previous?.undo;
  const same =
    undo?.configRoot === configRoot && undo.configSize === configSize && undo.snapshotDigest === snapshotDigest;
  return same ? undo.approvals : undefined;
}

/** Nothing that is approved changed. The tool's name is that of the last that had something to write. */
function withFiles(previous: Lock, { files, tool }: LockInput): Lock {
  const same =
    files.size === previous.files.size && [...files].every(([path, digest]) => previous.files.get(path) === digest);
  return same ? previous : { ...previous, files: new Map(files), tool };
}
