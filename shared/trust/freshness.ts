/**
 * Freshness: a timestamped cosignature (C2SP tlog-cosignature, type 0x04) by a key of its own says that a checkpoint was
 * still the newest at a time. One stands in the checkpoint's note since it was signed; renewals stand in a Redis value.
 */
import { bigEndian, concat, exceedsBytes, utf8, type Bytes } from "../encoding/bytes.ts";
import { digestOf, isDigest, type Digest } from "../encoding/digest.ts";
import { canonicalJson, isObject, parseCanonicalJson } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { encodeSignatureLine, parseSignatureLine, signaturesBy, type NoteSignature } from "./signed-note.ts";
import { cosignatureType, type Vkey } from "./vkey.ts";

const timeBytes = 8;

/** What a cosigner signs. `time` in unix seconds. */
export const cosignedMessage = (checkpointText: string, time: number): Bytes =>
  utf8(`cosignature/v1\ntime ${time}\n${checkpointText}`);

/** `u64be(time) ‖ signature`, as it follows the key ID in a note's line. */
export const cosignature = (time: number, signature: Uint8Array): Bytes =>
  concat(bigEndian(time, timeBytes), signature);

/** The time, in unix seconds, that a valid cosignature by this key gives the checkpoint, or `undefined`. */
export async function cosignedTime(
  key: Vkey,
  checkpointText: string,
  signatures: readonly NoteSignature[],
): Promise<number | undefined> {
  if (key.type !== cosignatureType) return undefined;
  const claimed = signaturesBy(key, signatures)[0];
  if (claimed === undefined || claimed.signature.length !== timeBytes + 64) return undefined;
  const time = Number(claimed.signature.slice(0, timeBytes).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n));
  if (!Number.isSafeInteger(time)) return undefined;
  const message = cosignedMessage(checkpointText, time);
  const valid = await verifyEd25519(key.publicKey, message, claimed.signature.slice(timeBytes));
  return valid ? time : undefined;
}

/** The Redis value `fresh`. It names the checkpoint it is about, so that a renewal of an older one is told from a forgery. */
export interface Renewal {
  readonly checkpoint: Digest;
  readonly signature: NoteSignature;
}

export const renewalOf = (checkpointText: string, signature: NoteSignature): Renewal => ({
  checkpoint: digestOf(checkpointText),
  signature,
});

export const encodeRenewal = ({ checkpoint, signature }: Renewal): string =>
  canonicalJson({ checkpoint, signature: encodeSignatureLine(signature) });

export function parseRenewal(text: string): Result<Renewal, "freshness_malformed"> {
  const json = exceedsBytes(text, limits.renewalBytesMax) ? err("not_json" as const) : parseCanonicalJson(text);
  if (!json.ok || !isObject(json.value) || !isDigest(json.value["checkpoint"])) return err("freshness_malformed");
  const line = json.value["signature"];
  const signature = typeof line === "string" ? parseSignatureLine(line) : err("note_malformed" as const);
  if (!signature.ok || Object.keys(json.value).length !== 2) return err("freshness_malformed");
  return ok({ checkpoint: json.value["checkpoint"], signature: signature.value });
}
