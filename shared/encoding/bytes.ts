/** Bytes, and the text forms Flag Mesh gives them: padded base64 (RFC 4648, 4), lowercase hex, UTF-8. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { err, ok, type Result } from "../result.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const chunkBytes = 8192;

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** Whether a text takes more than `bytesMax` in UTF-8: one to three bytes for each UTF-16 unit, so few have to be encoded. */
export const exceedsBytes = (text: string, bytesMax: number): boolean =>
  text.length > bytesMax || (text.length * 3 > bytesMax && utf8(text).length > bytesMax);

/** UTF-8 to text; `undefined` where the bytes aren't UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const toHex = (bytes: Uint8Array): string => bytesToHex(bytes);

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  }
  return btoa(binary);
}

/** Strict: only the canonical padded form is read, so that one value has one text. */
export function fromBase64(text: string): Result<Bytes, "not_base64"> {
  if (text.length % 4 !== 0) return err("not_base64");
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return err("not_base64");
  }
  if (btoa(binary) !== text) return err("not_base64");
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return ok(bytes);
}

/** The bytes of a text whose form was checked when it was read. Throws on any other. */
export function base64Bytes(text: string): Bytes {
  const bytes = fromBase64(text);
  if (!bytes.ok) throw new TypeError(`not base64, and never checked: ${text}`);
  return bytes.value;
}

/** A whole number from 0 to 2^53 - 1 as `width` bytes, most significant first. */
export function bigEndian(value: number, width: 2 | 4 | 8): Bytes {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
