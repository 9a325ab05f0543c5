/**
 * Signing keys, in the private form of Go's golang.org/x/mod/sumdb/note: `PRIVATE+KEY+name+<hex key ID>+base64(type ‖ seed)`.
 * They exist under control-plane/ only.
 */
import { createPrivateKey, createPublicKey, sign as nodeSign, type KeyObject } from "node:crypto";
import { concat, fromBase64, toBase64, toHex, utf8, type Bytes } from "../../shared/encoding/bytes.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { cosignature, cosignedMessage } from "../../shared/trust/freshness.ts";
import type { NoteSignature } from "../../shared/trust/signed-note.ts";
import {
  cosignatureType,
  createVkey,
  ed25519Type,
  isKeyName,
  type KeyType,
  type Vkey,
} from "../../shared/trust/vkey.ts";

export interface SigningKey {
  readonly vkey: Vkey;
  /** The line that this key adds to a note with this text. Type 0x01 only. */
  readonly signNote: (text: string) => NoteSignature;
  /** The timestamped line that this key adds to a checkpoint. Type 0x04 only. @param time unix seconds */
  readonly cosign: (checkpointText: string, time: number) => NoteSignature;
}

const seedBytes = 32;
/** PKCS #8 of an Ed25519 key (RFC 8410, 7), up to its 32 bytes of seed. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

function privateKeyOf(seed: Bytes): KeyObject {
  // OpenSSL reads a longer one, and drops the rest.
  if (seed.length !== seedBytes) throw new RangeError(`a seed of ${seed.length} bytes`);
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" });
}

function publicKeyOf(privateKey: KeyObject): Bytes {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return Uint8Array.from(spki.subarray(-32));
}

/** @param seed 32 random bytes */
export function createSigningKey(name: string, type: KeyType, seed: Bytes): SigningKey {
  const privateKey = privateKeyOf(seed);
  const vkey = createVkey(name, type, publicKeyOf(privateKey));
  const line = (signature: Bytes): NoteSignature => ({ name, keyId: vkey.keyId, signature });
  const sign = (message: Bytes): Bytes => Uint8Array.from(nodeSign(null, message, privateKey));
  return {
    vkey,
    signNote(text) {
      if (type !== ed25519Type) throw new TypeError(`${name} is a cosignature key`);
      return line(sign(utf8(text)));
    },
    cosign(checkpointText, time) {
      if (type !== cosignatureType) throw new TypeError(`${name} is no cosignature key`);
      if (!Number.isSafeInteger(time) || time < 0) throw new RangeError(`${time} is no time in whole seconds`);
      return line(cosignature(time, sign(cosignedMessage(checkpointText, time))));
    },
  };
}

export const encodePrivateKey = ({ vkey }: SigningKey, seed: Bytes): string =>
  `PRIVATE+KEY+${vkey.name}+${toHex(vkey.keyId)}+${toBase64(concat(Uint8Array.of(vkey.type), seed))}`;

export function parsePrivateKey(text: string): Result<SigningKey, "private_key_malformed" | "private_key_id_mismatch"> {
  const parts = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim());
  const material = fromBase64(parts?.[3] ?? "");
  const name = parts?.[1];
  if (!material.ok || name === undefined || !isKeyName(name) || material.value.length !== 1 + seedBytes) {
    return err("private_key_malformed");
  }
  const type = material.value[0];
  if (type !== ed25519Type && type !== cosignatureType) return err("private_key_malformed");
  const key = createSigningKey(name, type, material.value.slice(1));
  return toHex(key.vkey.keyId) === parts?.[2] ? ok(key) : err("private_key_id_mismatch");
}
