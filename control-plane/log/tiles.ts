/**
 * C2SP tlog-tiles (c2sp.org/tlog-tiles): a log as static resources. A tile is up to 256 neighbouring hashes of every
 * eighth level of the tree, an entry bundle up to 256 entries. Those that are full never change.
 */
import { bigEndian, concat, fromUtf8, utf8, type Bytes } from "../../shared/encoding/bytes.ts";
import type { Hash } from "../../shared/merkle/hash.ts";
import type { MerkleTree } from "../../shared/merkle/tree.ts";
import { err, ok, type Result } from "../../shared/result.ts";

export const tileWidthMax = 256;
const levelMax = 63;
/** Its length takes 16 bits in a bundle. */
export const entryBytesMax = 0xffff;

export interface TileAddress {
  /** 0: hashes of entries; each level above: roots of the full tiles below. `entries`: the entries themselves. */
  readonly level: number | "entries";
  /** From 0, within the level. */
  readonly index: number;
  /** Hashes, or entries: 1 to 256. Fewer than 256 make it partial. */
  readonly width: number;
}

/** `<L>/<N>[.p/<W>]`: what follows `tile/` in a URL. The index is in elements of 3 digits, all but the last with an `x`. */
export function tilePath({ level, index, width }: TileAddress): string {
  const digits = String(index);
  const elements = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const name = elements.map((element, i) => (i < elements.length - 1 ? `x${element}` : element)).join("/");
  return `${level}/${name}${width === tileWidthMax ? "" : `.p/${width}`}`;
}

const pathPattern = /^(\d{1,2}|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** `undefined` where the text is no path of a tile, or not the one that `tilePath` gives it. */
export function parseTilePath(path: string): TileAddress | undefined {
  const [, levelText, elements, widthText] = pathPattern.exec(path) ?? [];
  if (levelText === undefined || elements === undefined) return undefined;
  const level = levelText === "entries" ? "entries" : Number(levelText);
  const address: TileAddress = {
    level,
    index: Number(elements.replaceAll(/[x/]/g, "")),
    width: widthText === undefined ? tileWidthMax : Number(widthText),
  };
  const { index, width } = address;
  const known = (level === "entries" || level <= levelMax) && Number.isSafeInteger(index) && width >= 1;
  return known && tilePath(address) === path ? address : undefined;
}

/** The range of leaves that a bundle, or a tile of level 0, is about: `from` up to, but not including, `to`. */
export const leavesOf = ({
  index,
  width,
}: Omit<TileAddress, "level">): { readonly from: number; readonly to: number } => ({
  from: index * tileWidthMax,
  to: index * tileWidthMax + width,
});

/** The hashes of a tile, one after the other; `undefined` where the tree isn't large enough for all of them. */
export function tileOf(tree: MerkleTree, { level, index, width }: TileAddress & { level: number }): Bytes | undefined {
  const span = tileWidthMax ** level;
  const { from, to } = leavesOf({ index, width });
  if (to * span > tree.size) return undefined;
  return concat(...Array.from({ length: width }, (_, i) => rootOfSpan(tree, (from + i) * span, span)));
}

/** The root over a span of leaves that is a power of two long, and begins at a multiple of that. */
function rootOfSpan(tree: MerkleTree, start: number, span: number): Hash {
  let at = tree;
  let rest = start;
  while (at.size > span && at.left !== undefined && at.right !== undefined) {
    if (rest < at.left.size) {
      at = at.left;
    } else {
      rest -= at.left.size;
      at = at.right;
    }
  }
  return at.root;
}

/** Each entry after its length in 2 bytes. Throws a RangeError where one is larger than `entryBytesMax`. */
export function encodeEntryBundle(entries: readonly string[]): Bytes {
  const parts = entries.flatMap((entry) => {
    const bytes = utf8(entry);
    if (bytes.length > entryBytesMax) throw new RangeError(`an entry of ${bytes.length} bytes`);
    return [bigEndian(bytes.length, 2), bytes];
  });
  return concat(...parts);
}

/** Entries that aren't UTF-8 are none of ours. */
export function parseEntryBundle(bundle: Uint8Array): Result<readonly string[], "bundle_malformed"> {
  const entries: string[] = [];
  let at = 0;
  while (at < bundle.length) {
    const [high, low] = bundle.subarray(at, at + 2);
    const end = at + 2 + (high ?? 0) * 256 + (low ?? 0);
    const entry = low === undefined || end > bundle.length ? undefined : fromUtf8(bundle.subarray(at + 2, end));
    if (entry === undefined) return err("bundle_malformed");
    entries.push(entry);
    at = end;
  }
  return ok(entries);
}
