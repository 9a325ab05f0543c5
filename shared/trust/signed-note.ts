/** C2SP signed-note: a text, a blank line, and lines `— name base64(keyID ‖ signature)`. */
import { concat, equalBytes, exceedsBytes, fromBase64, toBase64, utf8, type Bytes } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { ed25519Type, isKeyName, type Vkey } from "./vkey.ts";

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Bytes;
  /** What follows the key ID: 64 bytes for Ed25519, a time and 64 bytes for a cosignature. */
  readonly signature: Bytes;
}

export interface SignedNote {
  /** Ends with a newline. It is what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export type NoteFault = "note_malformed" | "note_too_large";

const keyIdBytes = 4;

export const encodeSignatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${toBase64(concat(keyId, signature))}`;

export function parseSignatureLine(line: string): Result<NoteSignature, "note_malformed"> {
  const parts = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line);
  const name = parts?.[1];
  if (parts === null || name === undefined || !isKeyName(name)) return err("note_malformed");
  const bytes = fromBase64(parts[2] ?? "");
  if (!bytes.ok || bytes.value.length <= keyIdBytes) return err("note_malformed");
  return ok({ name, keyId: bytes.value.slice(0, keyIdBytes), signature: bytes.value.slice(keyIdBytes) });
}

export const encodeSignedNote = (note: SignedNote): string =>
  `${note.text}\n${note.signatures.map((signature) => `${encodeSignatureLine(signature)}\n`).join("")}`;

/** Reads a note without believing any of its signatures. It is split at its last blank line. */
export function parseSignedNote(note: string): Result<SignedNote, NoteFault> {
  if (exceedsBytes(note, limits.noteBytesMax)) return err("note_too_large");
  if (!note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.endsWith("\n"))
    return err("note_malformed");
  const split = note.lastIndexOf("\n\n");
  if (split < 1) return err("note_malformed");
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > limits.noteSignaturesMax) return err("note_too_large");
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (!signature.ok) return signature;
    signatures.push(signature.value);
  }
  return ok({ text: note.slice(0, split + 1), signatures });
}

/** The signatures that claim to be of this very key: name and key ID agree. */
export const signaturesBy = (key: Vkey, signatures: readonly NoteSignature[]): readonly NoteSignature[] =>
  signatures.filter(({ name, keyId }) => name === key.name && equalBytes(keyId, key.keyId));

/** True where the note carries a valid plain Ed25519 signature by this key. */
export async function isSignedBy(key: Vkey, note: SignedNote): Promise<boolean> {
  if (key.type !== ed25519Type) return false;
  const claimed = signaturesBy(key, note.signatures)[0];
  return claimed !== undefined && (await verifyEd25519(key.publicKey, utf8(note.text), claimed.signature));
}
