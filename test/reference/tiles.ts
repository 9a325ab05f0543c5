/** C2SP tlog-tiles, "Merkle Tree", word for word: every hash of a tile from the entries' data. */
import { concat, type Bytes } from "../../shared/encoding/bytes.ts";
import { mth } from "./merkle.ts";

/** The n-th tile at level l, as wide as `width`, or as the log has hashes for it. Empty: there is none. */
export function tile(d: readonly Uint8Array[], l: number, n: number, width = 256): Bytes {
  const hashes: Bytes[] = [];
  for (let i = 0; i < width; i++) {
    const start = (n * 256 + i) * 256 ** l;
    const end = (n * 256 + i + 1) * 256 ** l;
    if (end > d.length) break;
    hashes.push(mth(d.slice(start, end)));
  }
  return concat(...hashes);
}
