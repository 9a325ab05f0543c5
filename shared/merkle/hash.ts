/**
 * The three hashes of a Merkle tree (RFC 9162, 2.1.1). The prefixes keep a leaf from ever being read as a node:
 * without them, whoever chooses a leaf's data could give it the hash of a subtree.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, type Bytes } from "../encoding/bytes.ts";

/** 32 bytes of SHA-256. */
export type Hash = Bytes;
export const hashBytes = 32;

const leafPrefix = Uint8Array.of(0x00);
const nodePrefix = 0x01;

/** SHA-256 is synchronous here, so one buffer serves every call: the hot loop of a rebuild allocates its results only. */
const nodeData = new Uint8Array(1 + 2 * hashBytes);
nodeData[0] = nodePrefix;

/** The root of a tree of no leaves: SHA-256 of nothing. */
export const emptyRoot = (): Hash => sha256(new Uint8Array(0));

export const leafHash = (data: Uint8Array): Hash => sha256(concat(leafPrefix, data));

/** Both arguments are 32 bytes. */
export function nodeHash(left: Hash, right: Hash): Hash {
  nodeData.set(left, 1);
  nodeData.set(right, 1 + hashBytes);
  return sha256(nodeData);
}
