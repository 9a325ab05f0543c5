/**
 * A delta: the slots in which one revision's config tree differs from another's, without hashes. It needs no signature
 * and no digest of its own: applied to a verified tree it either gives the signed root, or it is dropped.
 */
import { base64Bytes, equalBytes, exceedsBytes, toBase64 } from "../encoding/bytes.ts";
import { canonicalJson, findNotIJson, isObject, type Json } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { configLeafHash } from "../merkle/config-leaf.ts";
import type { Hash } from "../merkle/hash.ts";
import { appendLeaf, setLeaf, type MerkleTree } from "../merkle/tree.ts";
import { err, ok, type Result } from "../result.ts";
import { isSlotContent, type Slot, type Snapshot } from "./snapshot.ts";

export interface DeltaSlot extends Omit<Slot, "leaf"> {
  /** The slot's number. */
  readonly slot: number;
}

export interface Delta {
  /** Slots of the tree that it leads to. */
  readonly size: number;
  /** Rising in slot number. */
  readonly slots: readonly DeltaSlot[];
}

/** A snapshot with its tree, every leaf of it recomputed. */
export interface ConfigTree {
  readonly snapshot: Snapshot;
  readonly tree: MerkleTree;
}

/** What leads from one revision to another of the same mesh. `undefined` where nothing does: a tree never shrinks. */
export function deltaBetween(from: Snapshot, to: Snapshot): Delta | undefined {
  if (from.origin !== to.origin || to.slots.length < from.slots.length) return undefined;
  const slots = to.slots.flatMap(({ leaf, ...content }, slot) =>
    leaf === from.slots[slot]?.leaf ? [] : [{ slot, ...content }],
  );
  return { size: to.slots.length, slots };
}

/** One line of JCS: `{"size","slots":[[slot, key, rev, salt, value] …]}`. */
export const encodeDelta = ({ size, slots }: Delta): string =>
  canonicalJson({ size, slots: slots.map(({ slot, key, rev, salt, value }) => [slot, key, rev, salt, value]) });

/** Reads a delta from an untrusted store. It is bounded like the snapshot that it saves. */
export function parseDelta(text: string): Result<Delta, "delta_too_large" | "delta_malformed"> {
  if (exceedsBytes(text, limits.snapshotBytesMax)) return err("delta_too_large");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return err("delta_malformed");
  }
  if (!isObject(parsed) || Object.keys(parsed).length !== 2) return err("delta_malformed");
  const { size, slots: rows } = parsed;
  if (!Number.isSafeInteger(size) || !Array.isArray(rows)) return err("delta_malformed");
  const slots: DeltaSlot[] = [];
  for (const row of rows as readonly Json[]) {
    const slot = parseSlot(row);
    if (slot === undefined || slot.slot <= (slots.at(-1)?.slot ?? -1)) return err("delta_malformed");
    slots.push(slot);
  }
  return ok({ size: size as number, slots });
}

function parseSlot(row: Json): DeltaSlot | undefined {
  if (!Array.isArray(row) || row.length !== 5) return undefined;
  const [slot, key, rev, salt, value] = row as readonly Json[];
  if (!Number.isSafeInteger(slot) || !isSlotContent(key, rev, salt, value)) return undefined;
  // What is hashed must be I-JSON, and JSON.parse lets 1e400 and lone surrogates pass.
  if (findNotIJson(value) !== undefined) return undefined;
  return { slot, key, rev, salt, value } as DeltaSlot;
}

/**
 * The config tree after a delta, in O(changes × log n) hashes; the given one is not changed. No root covers the slots'
 * `rev`: whoever stores the result by its digest computes that first.
 * `root_mismatch`: the delta does not lead to what was signed, so it is of other revisions, or forged.
 */
export function applyDelta(
  { snapshot, tree }: ConfigTree,
  delta: Delta,
  signed: { readonly configRoot: Hash; readonly configSize: number },
): Result<ConfigTree, "root_mismatch"> {
  const slots = [...snapshot.slots];
  let changed = tree;
  for (const { slot, ...content } of delta.slots) {
    if (slot > changed.size) return err("root_mismatch");
    const leaf = configLeafHash(content.key, base64Bytes(content.salt), content.value);
    changed = slot < changed.size ? setLeaf(changed, slot, leaf) : appendLeaf(changed, leaf);
    slots[slot] = { ...content, leaf: toBase64(leaf) };
  }
  const leadsThere =
    delta.size === signed.configSize &&
    changed.size === signed.configSize &&
    equalBytes(changed.root, signed.configRoot);
  return leadsThere ? ok({ snapshot: { origin: snapshot.origin, slots }, tree: changed }) : err("root_mismatch");
}
