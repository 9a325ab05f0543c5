/**
 * A leaf of the config tree: one entry, or a vacancy where an entry was removed. The salt keeps whoever is shown a proof
 * of one entry from guessing the content of its neighbours; the lengths keep a key from running into a value.
 */
import { bigEndian, concat, utf8, type Bytes } from "../encoding/bytes.ts";
import { canonicalJson, type Json } from "../encoding/json.ts";
import { leafHash, type Hash } from "./hash.ts";

export const saltBytes = 32;

/** The key of a vacant slot; its value is `null`. No entry has it. */
export const vacantKey = "";

const domain = utf8("flagmesh/v1/leaf\0");

/**
 * `"flagmesh/v1/leaf\0" ‖ salt[32] ‖ u16be(len key) ‖ key ‖ u32be(len value) ‖ JCS(value)`, keys and values in UTF-8.
 * The value must be I-JSON: throws on anything else.
 */
export function configLeafData(key: string, salt: Uint8Array, value: Json): Bytes {
  const keyBytes = utf8(key);
  const valueBytes = utf8(canonicalJson(value));
  if (salt.length !== saltBytes || keyBytes.length > 0xffff || !key.isWellFormed()) {
    throw new RangeError(`not a leaf: key ${JSON.stringify(key)}, salt of ${salt.length} bytes`);
  }
  return concat(domain, salt, bigEndian(keyBytes.length, 2), keyBytes, bigEndian(valueBytes.length, 4), valueBytes);
}

export const configLeafHash = (key: string, salt: Uint8Array, value: Json): Hash =>
  leafHash(configLeafData(key, salt, value));
