/**
 * A snapshot: all slots of one revision's config tree, in one line of JCS,
 * `{"origin","slots":[[key, rev, salt, leaf hash, value] …]}`. It derives from lock and entries alone, so approvers,
 * control plane and auditors compute the same digest of it.
 */
import { isEntryKey, type Entries, type Entry, type EntryKey } from "../document/entry.ts";
import { base64Bytes, exceedsBytes, toBase64 } from "../encoding/bytes.ts";
import { canonicalJson, findNotIJson, isObject, type Json } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { configLeafHash, vacantKey } from "../merkle/config-leaf.ts";
import type { Hash } from "../merkle/hash.ts";
import { treeOf, type MerkleTree } from "../merkle/tree.ts";
import { err, ok, type Result } from "../result.ts";

export interface Slot {
  /** An entry's key, or `""` where the slot is vacant. */
  readonly key: EntryKey | typeof vacantKey;
  /** The revision that last changed the entry, or removed it. For people: no hash depends on it. */
  readonly rev: number;
  /** 32 bytes, padded base64. */
  readonly salt: string;
  /** The leaf hash: 32 bytes, padded base64. */
  readonly leaf: string;
  /** `null` where the slot is vacant. */
  readonly value: Json;
}

export interface Snapshot {
  readonly origin: string;
  /** By slot number, which is the leaf index. */
  readonly slots: readonly Slot[];
}

/** The longest kind, a colon and a name: a leaf can't be computed of a key that doesn't fit its length. */
const entryKeyCharsMax = "segment:".length + limits.keyCharsMax;

/** Only the canonical form: the low bits of the last character that 32 bytes leave over are 0. */
const base64Of32Bytes = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** JCS of an array is that of its elements; of a key it is JSON, and a revision or base64 is written as it is. */
export function encodeSnapshot({ origin, slots }: Snapshot): string {
  const rows = slots.map(
    ({ key, rev, salt, leaf, value }) => `[${JSON.stringify(key)},${rev},"${salt}","${leaf}",${canonicalJson(value)}]`,
  );
  return `{"origin":${canonicalJson(origin)},"slots":[${rows.join(",")}]}`;
}

/**
 * Reads a snapshot of at most `limits.snapshotBytesMax`. Checks its shape, and neither its digest nor that its bytes are
 * canonical: its digest is signed, and stands for both.
 */
export function parseSnapshot(text: string): Result<Snapshot, "snapshot_too_large" | "snapshot_malformed"> {
  if (exceedsBytes(text, limits.snapshotBytesMax)) return err("snapshot_too_large");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return err("snapshot_malformed");
  }
  if (!isObject(parsed) || Object.keys(parsed).length !== 2) return err("snapshot_malformed");
  const { origin, slots: rows } = parsed;
  if (typeof origin !== "string" || !Array.isArray(rows)) return err("snapshot_malformed");
  const slots: Slot[] = [];
  const keys = new Set<string>();
  for (const row of rows) {
    const slot = parseSlot(row);
    if (slot === undefined || keys.has(slot.key)) return err("snapshot_malformed");
    if (slot.key !== vacantKey) keys.add(slot.key);
    slots.push(slot);
  }
  return ok({ origin, slots });
}

function parseSlot(row: Json): Slot | undefined {
  if (!Array.isArray(row) || row.length !== 5) return undefined;
  const [key, rev, salt, leaf, value] = row as readonly Json[];
  if (!isSlotContent(key, rev, salt, value) || typeof leaf !== "string" || !base64Of32Bytes.test(leaf))
    return undefined;
  return { key, rev, salt, leaf, value } as Slot;
}

/** What a snapshot and a delta have in common: the shape of a slot without its hash. */
export function isSlotContent(
  key: Json | undefined,
  rev: Json | undefined,
  salt: Json | undefined,
  value: Json | undefined,
): boolean {
  return (
    typeof key === "string" &&
    (key === vacantKey ? value === null : isEntryKey(key) && key.isWellFormed() && key.length <= entryKeyCharsMax) &&
    value !== undefined &&
    Number.isSafeInteger(rev) &&
    (rev as number) >= 1 &&
    typeof salt === "string" &&
    base64Of32Bytes.test(salt)
  );
}

/** The entries, without the vacancies. */
export function entriesOfSnapshot({ slots }: Snapshot): Entries {
  const entries = new Map<EntryKey, Entry>();
  for (const { key, value } of slots) if (key !== vacantKey) entries.set(key, value);
  return entries;
}

/** Which slot of a snapshot is wrong: its value can't be hashed, or its leaf hash is not that of its key, salt and value. */
export interface SlotFault {
  readonly code: "value_not_ijson" | "leaf_mismatch";
  readonly slot: number;
  readonly key: string;
}

/**
 * The config tree, every leaf recomputed from key, salt and value. For 10 000 entries this takes about 0.1 s: an edge
 * does it beside its requests, with `leafOfSlot`, in pieces.
 */
export function treeOfSnapshot({ slots }: Snapshot): Result<MerkleTree, SlotFault> {
  const leaves: Hash[] = [];
  for (const [index, slot] of slots.entries()) {
    const leaf = leafOfSlot(slot, index);
    if (!leaf.ok) return leaf;
    leaves.push(leaf.value);
  }
  return ok(treeOf(leaves));
}

/** The leaf hash of one slot, recomputed and compared. @param index the slot's number, for the fault */
export function leafOfSlot(slot: Slot, index: number): Result<Hash, SlotFault> {
  const { key, salt, value } = slot;
  // JSON.parse lets 1e400 and lone surrogates pass.
  if (findNotIJson(value) !== undefined) return err({ code: "value_not_ijson", slot: index, key });
  const leaf = configLeafHash(key, base64Bytes(salt), value);
  return toBase64(leaf) === slot.leaf ? ok(leaf) : err({ code: "leaf_mismatch", slot: index, key });
}
