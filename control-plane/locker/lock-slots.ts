/** The config tree that a lock describes: its slots from seed and entries, and whether its hashes add up. */
import type { Entries, Entry, EntryKey } from "../../shared/document/entry.ts";
import { meshOfOrigin } from "../../shared/document/mesh-id.ts";
import { base64Bytes, toBase64 } from "../../shared/encoding/bytes.ts";
import { configLeafHash, vacantKey } from "../../shared/merkle/config-leaf.ts";
import { entrySalt, vacantSalt } from "../../shared/merkle/config-salt.ts";
import { emptyRoot, type Hash } from "../../shared/merkle/hash.ts";
import { treeOf, type MerkleTree } from "../../shared/merkle/tree.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Slot } from "../../shared/store/snapshot.ts";
import type { Lock } from "./lock-file.ts";

/** Config root of the revision before the first, padded base64. */
export const parentOfFirst: string = toBase64(emptyRoot());

export function entrySlot(seed: Uint8Array, key: EntryKey, rev: number, value: Entry): Slot {
  const json = value as Slot["value"];
  const salt = entrySalt(seed, rev, key);
  return { key, rev, salt: toBase64(salt), leaf: toBase64(configLeafHash(key, salt, json)), value: json };
}

export function vacantSlot(seed: Uint8Array, slot: number, rev: number): Slot {
  const salt = vacantSalt(seed, rev, slot);
  return {
    key: vacantKey,
    rev,
    salt: toBase64(salt),
    leaf: toBase64(configLeafHash(vacantKey, salt, null)),
    value: null,
  };
}

/** The slots that entries have by this lock. Where it is of other entries, slots are missing or their leaves differ. */
export function slotsOf(lock: Lock, entries: Entries): readonly Slot[] {
  const seed = base64Bytes(lock.seed);
  const slots: Slot[] = Array.from({ length: lock.configSize });
  for (const [key, { rev, slot }] of lock.entries) {
    const value = entries.get(key);
    if (value !== undefined) slots[slot] = entrySlot(seed, key, rev, value);
  }
  for (const { slot, rev } of lock.vacant) slots[slot] = vacantSlot(seed, slot, rev);
  return slots;
}

/** What in a lock doesn't follow from the rest of it. */
export interface Tampering {
  readonly what: "origin" | "parent" | "revision" | "size" | "slots" | "root" | "leaf" | "snapshot";
  readonly wanted: string;
  readonly found: string;
}

/** The config tree from the lock alone: sizes, slots and revisions fit, and its leaves give its root. */
export function sumLock(lock: Lock): Result<MerkleTree, Tampering> {
  const tampered = (what: Tampering["what"], wanted: string, found: string): Result<MerkleTree, Tampering> =>
    err({ what, wanted, found });
  const { mesh, origin, revision, parent, configSize } = lock;
  if (meshOfOrigin(origin) !== mesh) return tampered("origin", `<deployment>/${mesh}`, origin);
  if (revision === 1 && parent !== parentOfFirst) return tampered("parent", parentOfFirst, parent);
  const size = lock.entries.size + lock.vacant.length;
  if (size !== configSize) return tampered("size", `configSize ${size}`, `${configSize}`);

  const leaves: Hash[] = [];
  const place = (slot: number, rev: number, leaf: Hash): Tampering | undefined => {
    if (rev > revision) return { what: "revision", wanted: `at most ${revision} in slot ${slot}`, found: `${rev}` };
    if (slot >= size || leaves[slot] !== undefined) {
      return { what: "slots", wanted: `0 to ${size - 1}, each once`, found: `${slot}` };
    }
    leaves[slot] = leaf;
    return undefined;
  };
  const seed = base64Bytes(lock.seed);
  for (const { rev, slot, leaf } of lock.entries.values()) {
    const wrong = place(slot, rev, base64Bytes(leaf));
    if (wrong !== undefined) return err(wrong);
  }
  for (const { slot, rev } of lock.vacant) {
    const wrong = place(slot, rev, base64Bytes(vacantSlot(seed, slot, rev).leaf));
    if (wrong !== undefined) return err(wrong);
  }
  const tree = treeOf(leaves);
  const root = toBase64(tree.root);
  if (root !== lock.configRoot) return tampered("root", root, lock.configRoot);
  // A revision is one because some slot changed with it.
  const revisions = [...lock.entries.values(), ...lock.vacant].map(({ rev }) => rev);
  const newest = revisions.reduce((max, rev) => Math.max(max, rev), 0);
  if (size > 0 && newest !== revision) return tampered("revision", `${newest}`, `${revision}`);
  return ok(tree);
}
