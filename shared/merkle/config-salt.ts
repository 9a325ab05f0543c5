/**
 * What a lock derives from its seed, each in a domain of its own: the salts of leaves, and the order in which entries
 * first get their slots. Whoever knows the seed knows every salt, so it stays with the lock; an edge never has it.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bigEndian, concat, toHex, utf8, type Bytes } from "../encoding/bytes.ts";

export const seedBytes = 32;

const saltDomain = utf8("flagmesh/v1/salt\0");
const vacantDomain = utf8("flagmesh/v1/vacant\0");
const orderDomain = utf8("flagmesh/v1/order\0");

/** `HMAC-SHA256(seed, "flagmesh/v1/salt\0" ‖ u64be(rev) ‖ key)`. @param rev the revision that last changed the entry */
export const entrySalt = (seed: Uint8Array, rev: number, key: string): Bytes =>
  hmac(sha256, seed, concat(saltDomain, bigEndian(rev, 8), utf8(key)));

/** `HMAC-SHA256(seed, "flagmesh/v1/vacant\0" ‖ u64be(rev) ‖ u64be(slot))`. @param rev the revision that removed the entry */
export const vacantSalt = (seed: Uint8Array, rev: number, slot: number): Bytes =>
  hmac(sha256, seed, concat(vacantDomain, bigEndian(rev, 8), bigEndian(slot, 8)));

/**
 * Keys by `HMAC-SHA256(seed, "flagmesh/v1/order\0" ‖ key)`, bytewise: an order that anyone with the seed can repeat, and
 * that tells nobody else which entry a slot number belongs to.
 */
export function inSlotOrder<K extends string>(seed: Uint8Array, keys: Iterable<K>): K[] {
  const ranked = Array.from(keys, (key) => [toHex(hmac(sha256, seed, concat(orderDomain, utf8(key)))), key] as const);
  return ranked.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}
