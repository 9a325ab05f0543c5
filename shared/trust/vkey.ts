/**
 * Verifier keys, C2SP signed-note's `vkey`: `name+<hex key ID>+base64(type ‖ public key)`.
 * Byte-compatible with Go's golang.org/x/mod/sumdb/note.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equalBytes, fromBase64, toBase64, toHex, utf8, type Bytes } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { hasSmallOrder } from "./ed25519.ts";

/** 0x01: plain Ed25519 (logs, approvers). 0x04: timestamped Ed25519 cosignatures (freshness, witnesses). */
export type KeyType = 0x01 | 0x04;
export const ed25519Type = 0x01;
export const cosignatureType = 0x04;

export interface Vkey {
  readonly name: string;
  readonly keyId: Bytes;
  readonly type: KeyType;
  /** 32 bytes. */
  readonly publicKey: Bytes;
}

const publicKeyBytes = 32;

/** Names a key: not empty, no white space, no plus. U+0085 is white space to Go, and not to JavaScript. */
export const isKeyName = (name: string): boolean =>
  name.length <= limits.keyNameCharsMax && /^[^\s+\u0000-\u001f\u007f\u0085]+$/u.test(name) && name.isWellFormed();

/** `SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]`. */
export const keyIdOf = (name: string, type: KeyType, publicKey: Uint8Array): Bytes =>
  sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4);

export function createVkey(name: string, type: KeyType, publicKey: Bytes): Vkey {
  if (!isKeyName(name)) throw new TypeError(`"${name}" can't name a key: no white space, no plus`);
  return { name, type, publicKey, keyId: keyIdOf(name, type, publicKey) };
}

export const encodeVkey = (key: Vkey): string =>
  `${key.name}+${toHex(key.keyId)}+${toBase64(concat(Uint8Array.of(key.type), key.publicKey))}`;

/** `vkey_weak`: a key that anyone can sign for. */
export function parseVkey(
  text: string,
): Result<Vkey, "vkey_malformed" | "vkey_type_unknown" | "vkey_id_mismatch" | "vkey_weak"> {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const name = parts?.[1];
  if (parts === null || name === undefined || !isKeyName(name)) return err("vkey_malformed");
  const material = fromBase64(parts[3] ?? "");
  if (!material.ok || material.value.length !== 1 + publicKeyBytes) return err("vkey_malformed");
  const type = material.value[0];
  if (type !== ed25519Type && type !== cosignatureType) return err("vkey_type_unknown");
  const key = createVkey(name, type, material.value.slice(1));
  if (toHex(key.keyId) !== parts[2]) return err("vkey_id_mismatch");
  return hasSmallOrder(key.publicKey) ? err("vkey_weak") : ok(key);
}

export const sameKey = (a: Vkey, b: Vkey): boolean => equalBytes(a.publicKey, b.publicKey);
