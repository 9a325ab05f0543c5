/** MurmurHash3_x86_32 as its author wrote it, over bytes, in integers that can't overflow unseen. */
const mask = 0xffffffffn;
const times = (a: bigint, b: bigint): bigint => (a * b) & mask;
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
const scramble = (block: bigint): bigint => times(rotate(times(block, 0xcc9e2d51n), 15n), 0x1b873593n);

export function murmur3OfBytes(bytes: Uint8Array, seed = 0): number {
  let hash = BigInt(seed);
  const blocks = Math.floor(bytes.length / 4);
  for (let i = 0; i < blocks; i++) {
    hash ^= scramble(blockAt(bytes.subarray(i * 4, i * 4 + 4)));
    hash = (times(rotate(hash, 13n), 5n) + 0xe6546b64n) & mask;
  }
  hash ^= scramble(blockAt(bytes.subarray(blocks * 4)));
  hash ^= BigInt(bytes.length);
  hash = times(hash ^ (hash >> 16n), 0x85ebca6bn);
  hash = times(hash ^ (hash >> 13n), 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n));
}

/** Little-endian; of the last bytes, as many as there are. */
const blockAt = (bytes: Uint8Array): bigint =>
  bytes.reduce((block, byte, i) => block | (BigInt(byte) << BigInt(8 * i)), 0n);
