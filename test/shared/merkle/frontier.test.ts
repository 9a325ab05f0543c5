import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import {
  decodeFrontier,
  emptyFrontier,
  encodeFrontier,
  extendFrontier,
  frontierBefore,
  frontierRoot,
  type Frontier,
} from "../../../shared/merkle/frontier.ts";
import { leafHash, type Hash } from "../../../shared/merkle/hash.ts";
import { inclusionProof } from "../../../shared/merkle/proof.ts";
import { treeOf } from "../../../shared/merkle/tree.ts";

const leaves = Array.from({ length: 130 }, (_, i) => leafHash(utf8(`${i}`)));
const frontierOf = (hashes: readonly Hash[]): Frontier => hashes.reduce(extendFrontier, emptyFrontier);

describe("a frontier", () => {
  test("has the tree's root and size after every leaf", () => {
    let frontier = emptyFrontier;
    for (let size = 0; size <= leaves.length; size++) {
      expect(frontier.size).toBe(size);
      expect(frontierRoot(frontier)).toEqual(treeOf(leaves.slice(0, size)).root);
      if (size < leaves.length) frontier = extendFrontier(frontier, leaves[size]!);
    }
  });

  test("stands in the inclusion proof of the next leaf", () => {
    for (let size = 1; size <= leaves.length; size++) {
      const proof = inclusionProof(treeOf(leaves.slice(0, size)), size - 1);
      expect(frontierBefore(size, proof)).toEqual({ ok: true, value: frontierOf(leaves.slice(0, size - 1)) });
    }
  });

  test("is not changed by the frontiers made from it", () => {
    const frontier = frontierOf(leaves.slice(0, 7));
    const before = encodeFrontier(frontier);
    extendFrontier(frontier, leaves[7]!);
    expect(encodeFrontier(frontier)).toBe(before);
  });

  test("reads back from its text, which is one line", () => {
    fc.assert(
      fc.property(fc.nat(leaves.length), (size) => {
        const frontier = frontierOf(leaves.slice(0, size));
        const text = encodeFrontier(frontier);
        expect(text).not.toContain("\n");
        expect(decodeFrontier(text)).toEqual({ ok: true, value: frontier });
      }),
    );
  });

  const zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  test.each([
    ["no JSON", "x"],
    ["null", "null"],
    ["an array", "[]"],
    ["a member missing", `{"size":0}`],
    ["a member too many", `{"hashes":[],"origin":"x","size":0}`],
    ["white space", `{"hashes":[], "size":0}`],
    ["hashes that are no array", `{"hashes":"","size":0}`],
    ["a hash that is a number", `{"hashes":[1],"size":1}`],
    ["a hash that is not base64", `{"hashes":["-"],"size":1}`],
    ["a hash of 3 bytes", `{"hashes":["AAAA"],"size":1}`],
    ["a hash too few", `{"hashes":["${zero}"],"size":3}`],
    ["a hash too many", `{"hashes":["${zero}","${zero}"],"size":4}`],
    ["a negative size", `{"hashes":[],"size":-1}`],
    ["half a leaf", `{"hashes":["${zero}"],"size":0.5}`],
    ["a size of 2^53", `{"hashes":["${zero}"],"size":9007199254740992}`],
    ["a size that is text", `{"hashes":["${zero}"],"size":"1"}`],
  ])("is refused with %s", (_, text) => {
    expect(decodeFrontier(text)).toEqual({ ok: false, error: "frontier_malformed" });
  });

  test.each([
    ["a proof too short", 4, 1, "frontier_malformed"],
    ["a proof too long", 4, 3, "frontier_malformed"],
    ["size 0", 0, 0, "size_invalid"],
    ["half a leaf", 1.5, 1, "size_invalid"],
    ["size 2^53", 2 ** 53, 53, "size_invalid"],
  ])("can't be read from %s", (_, size, length, error) => {
    expect(frontierBefore(size, leaves.slice(0, length))).toEqual({ ok: false, error });
  });
});
