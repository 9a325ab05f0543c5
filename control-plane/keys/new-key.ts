/** Making signing keys. */
import { randomBytes } from "node:crypto";
import type { KeyType } from "../../shared/trust/vkey.ts";
import { createSigningKey, encodePrivateKey, type SigningKey } from "./signing-key.ts";

/** A new signing key, with its private text. */
export function newKey(name: string, type: KeyType): { key: SigningKey; text: string } {
  const seed = Uint8Array.from(randomBytes(32));
  const key = createSigningKey(name, type, seed);
  return { key, text: encodePrivateKey(key, seed) };
}
