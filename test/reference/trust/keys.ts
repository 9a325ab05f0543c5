/** Signing keys of the vectors: from their names, so that they are the same each time. They protect nothing. */
import { createSigningKey, encodePrivateKey, type SigningKey } from "../../../control-plane/keys/signing-key.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { cosignatureType, ed25519Type, encodeVkey, type KeyType } from "../../../shared/trust/vkey.ts";

export interface NamedKey extends SigningKey {
  /** In Go's form. */
  readonly privateText: string;
  readonly vkeyText: string;
}

/** @param seedName keys of one name and another seed are different keys */
export function keyOf(name: string, type: KeyType, seedName: string = name): NamedKey {
  const seed = leafHash(utf8(`flagmesh test key ${seedName}`));
  const key = createSigningKey(name, type, seed);
  return { ...key, privateText: encodePrivateKey(key, seed), vkeyText: encodeVkey(key.vkey) };
}

export const alice = keyOf("alice@example.com", ed25519Type);
export const ben = keyOf("ben@example.com", ed25519Type);
export const ci = keyOf("ci.example.com", ed25519Type);
/** Approves in no policy. */
export const mallory = keyOf("mallory@example.com", ed25519Type);
export const witnesses = ["witness-1.example.org", "witness-2.example.org", "witness-3.example.org"].map((name) =>
  keyOf(name, cosignatureType),
);
