/**
 * Ed25519 (RFC 8032) by WebCrypto, with the one answer in every runtime: points of small order, for which anyone can
 * make a signature that holds for many messages, are refused by Node and taken by workerd.
 */
import { toHex, type Bytes } from "../encoding/bytes.ts";

const signatureBytes = 64;
const pointBytes = 32;

/** The y coordinates of the eight points of small order, little-endian, the two that are not reduced as well. */
const smallOrder: ReadonlySet<string> = new Set([
  `00${"00".repeat(31)}`,
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);

/** @param point encoded, 32 bytes. Its highest bit is the sign of x, which doesn't matter here. */
export const hasSmallOrder = (point: Uint8Array): boolean =>
  smallOrder.has(toHex(point.with(pointBytes - 1, (point[pointBytes - 1] ?? 0) & 0x7f)));

/** Keys, not promises of keys: Workers forbid a request to await another's promise. */
const imported = new Map<string, Awaited<ReturnType<typeof crypto.subtle.importKey>>>();
const importedMax = 256;

/** On hostile input it only ever answers false. @param publicKey 32 bytes */
export async function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (publicKey.length !== pointBytes || signature.length !== signatureBytes) return false;
  if (hasSmallOrder(publicKey) || hasSmallOrder(signature.slice(0, pointBytes))) return false;
  const hex = toHex(publicKey);
  try {
    let key = imported.get(hex);
    if (key === undefined) {
      key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      if (imported.size >= importedMax) imported.clear();
      imported.set(hex, key);
    }
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return false;
  }
}
