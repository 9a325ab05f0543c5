/** RFC 9162, 2.1, word for word and as slow as that: every hash from the leaves' data, every time. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, type Bytes } from "../../shared/encoding/bytes.ts";

type Data = readonly Uint8Array[];

/** 2.1.1: MTH(D_n). */
export function mth(d: Data): Bytes {
  if (d.length === 0) return sha256(new Uint8Array(0));
  if (d.length === 1) return sha256(concat(Uint8Array.of(0), d[0]!));
  const k = split(d.length);
  return sha256(concat(Uint8Array.of(1), mth(d.slice(0, k)), mth(d.slice(k))));
}

/** 2.1.3.1: PATH(m, D_n). */
export function path(m: number, d: Data): Bytes[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}

/** 2.1.4.1: PROOF(m, D_n). */
export const proof = (m: number, d: Data): Bytes[] => subproof(m, d, true);

function subproof(m: number, d: Data, known: boolean): Bytes[] {
  if (m === d.length) return known ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), known), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
