import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { murmur3, murmur3After } from "../../../shared/flags/murmur3.ts";
import { murmur3OfBytes } from "../../reference/murmur3.ts";

/** Published: SMHasher's, and those of the reference implementation in C++. */
const published = [
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["\0\0\0\0", 0, 0x2362f9de],
  ["a", 0x9747b28c, 0x7fa09ea6],
  ["aa", 0x9747b28c, 0x5d211726],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["aaaa", 0x9747b28c, 0x5a97808a],
  ["abc", 0, 0xb3dd93fa],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["ππππππππ", 0x9747b28c, 0xd58063c1],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
] as const;

describe("murmur3", () => {
  test.each(published)("of %j with seed %d is the published hash", (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });

  test("of every length up to 20 is the reference's, behind every length of prefix", () => {
    const text = "abcdefghijklmnopqrst";
    for (let length = 0; length <= text.length; length++) {
      const whole = text.slice(0, length);
      const hash = murmur3OfBytes(utf8(whole));
      for (let cut = 0; cut <= length; cut++) {
        expect([cut, murmur3After(whole.slice(0, cut))(whole.slice(cut))]).toEqual([cut, hash]);
      }
    }
  });

  test("of any text, behind any prefix, is the reference's of the UTF-8 bytes", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary-ascii", maxLength: 80 }));
    fc.assert(
      fc.property(text, text, fc.nat(0xffffffff), (prefix, rest, seed) => {
        const hash = murmur3OfBytes(utf8(prefix + rest), seed);
        expect([murmur3(prefix + rest, seed), murmur3After(prefix, seed)(rest)]).toEqual([hash, hash]);
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes half of a surrogate pair for U+FFFD", () => {
    expect(murmur3("a\ud800")).toBe(murmur3("a\ufffd"));
    expect(murmur3After("flag")("\udc00")).toBe(murmur3("flag\ufffd"));
  });
});
