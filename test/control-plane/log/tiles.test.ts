import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeEntryBundle,
  entryBytesMax,
  parseEntryBundle,
  parseTilePath,
  tileOf,
  tilePath,
} from "../../../control-plane/log/tiles.ts";
import { toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { limits } from "../../../shared/limits.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { prefixOf, treeOf } from "../../../shared/merkle/tree.ts";
import { tile } from "../../reference/tiles.ts";
import vectors from "../../vectors/tiles/go-tlog.json" with { type: "json" };

const largest = 70_000;
const data = Array.from({ length: largest }, (_, i) => utf8(`leaf ${i}`));
const tree = treeOf(data.map(leafHash));

const paths: readonly [path: string, level: number | "entries", index: number, width: number][] = [
  ["0/000", 0, 0, 256],
  ["0/000.p/1", 0, 0, 1],
  ["0/999.p/255", 0, 999, 255],
  ["0/x001/000", 0, 1_000, 256],
  ["1/x001/x234/067", 1, 1_234_067, 256],
  ["63/x001/x234/067.p/17", 63, 1_234_067, 17],
  ["entries/000", "entries", 0, 256],
  ["entries/x123/456.p/99", "entries", 123_456, 99],
  ["0/x009/x007/x199/x254/x740/991", 0, Number.MAX_SAFE_INTEGER, 256],
];

describe("a tile's path", () => {
  test.each(paths)("%s is level %s, index %i, width %i", (path, level, index, width) => {
    expect(parseTilePath(path)).toEqual({ level, index, width });
    expect(tilePath({ level, index, width })).toBe(path);
  });

  test.each([
    ["nothing", ""],
    ["no index", "0/"],
    ["an index of fewer than 3 digits", "0/1"],
    ["an index of more than 3 digits", "0/0001"],
    ["an x on the last element", "0/x001"],
    ["no x before the last element", "0/001/000"],
    ["leading elements of 0", "0/x000/001"],
    ["an index beyond exact integers", "0/x009/x007/x199/x254/x740/992"],
    ["a level beyond 63", "64/000"],
    ["a leading zero in the level", "00/000"],
    ["a negative level", "-1/000"],
    ["Go's name of the entries", "data/000"],
    ["Go's height before the level", "8/0/000"],
    ["a width of 0", "0/000.p/0"],
    ["a width of 256", "0/000.p/256"],
    ["a leading zero in the width", "0/000.p/01"],
    ["a width without number", "0/000.p/"],
    ["something behind", "0/000.p/1/"],
    ["a newline behind", "0/000\n"],
  ])("with %s is none", (_, path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  test("is the only text that is read as its tile", () => {
    const address = fc.record({
      level: fc.oneof(fc.nat({ max: 63 }), fc.constant("entries" as const)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(address, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }),
    );
  });
});

describe("the tiles", () => {
  test.each(vectors)("of a log of $size are those of Go's sumdb/tlog", ({ size, root, tiles }) => {
    const log = prefixOf(tree, size);
    expect(toBase64(log.root)).toBe(root);
    for (const [path, digest] of Object.entries(tiles)) {
      const address = parseTilePath(path);
      if (address === undefined || address.level === "entries") throw new Error(path);
      const bytes = tileOf(log, { ...address, level: address.level });
      expect([path, bytes && createHash("sha256").update(bytes).digest("hex")]).toEqual([path, digest]);
    }
  });

  test("of every small log are what the specification's formula gives, and end with the log", () => {
    for (const size of [0, 1, 2, 3, 7, 255, 256, 257, 300, 511, 512, 513]) {
      const log = prefixOf(tree, size);
      for (const [level, index] of [0, 1, 2].flatMap((l) => [0, 1, 2].map((n) => [l, n] as const))) {
        for (const width of [1, 2, 255, 256]) {
          const wanted = tile(data.slice(0, size), level, index, width);
          expect(tileOf(log, { level, index, width })).toEqual(wanted.length === 32 * width ? wanted : undefined);
        }
      }
    }
  });

  test("of level 2 begin at 65 536 entries", () => {
    const top = { level: 2, index: 0, width: 1 };
    expect(tileOf(prefixOf(tree, 65_535), top)).toBeUndefined();
    expect(tileOf(prefixOf(tree, 65_536), top)).toEqual(tile(data.slice(0, 65_536), 2, 0));
    expect(tileOf(prefixOf(tree, 65_537), top)).toEqual(tileOf(prefixOf(tree, 65_536), top));
  });

  test("of levels and indices beyond any log are none", () => {
    expect(tileOf(tree, { level: 63, index: 0, width: 1 })).toBeUndefined();
    expect(tileOf(tree, { level: 63, index: Number.MAX_SAFE_INTEGER, width: 256 })).toBeUndefined();
    expect(tileOf(tree, { level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 })).toBeUndefined();
  });
});

describe("an entry bundle", () => {
  test("holds each entry after its length in two bytes, most significant first", () => {
    const long = "x".repeat(258);
    expect(encodeEntryBundle(["é", "", long])).toEqual(Uint8Array.from([0, 2, 0xc3, 0xa9, 0, 0, 1, 2, ...utf8(long)]));
    expect(encodeEntryBundle([])).toEqual(new Uint8Array(0));
  });

  test("gives back what was put in", () => {
    const entries = fc.array(fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(entries, (texts) => {
        expect(parseEntryBundle(encodeEntryBundle(texts))).toEqual({ ok: true, value: texts });
      }),
    );
  });

  test("takes an entry of 65 535 bytes, which any statement fits, and none larger", () => {
    const largest = "x".repeat(limits.statementBytesMax);
    expect(limits.statementBytesMax).toBe(entryBytesMax);
    expect(parseEntryBundle(encodeEntryBundle([largest, largest]))).toEqual({ ok: true, value: [largest, largest] });
    expect(() => encodeEntryBundle([`${largest}x`])).toThrow(RangeError);
  });

  test.each([
    ["half a length", [0]],
    ["an entry cut short", [0, 2, 65]],
    ["a length without entry", [0, 1, 65, 0, 1]],
    ["an entry that isn't UTF-8", [0, 1, 0xff]],
  ])("with %s is refused", (_, bytes) => {
    expect(parseEntryBundle(Uint8Array.from(bytes))).toEqual({ ok: false, error: "bundle_malformed" });
  });
});
