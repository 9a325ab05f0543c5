import fc from "fast-check";
import { expect, test } from "vitest";
import { equalJson } from "../../../shared/encoding/equal-json.ts";
import { canonicalJson, findNotIJson, type Json } from "../../../shared/encoding/json.ts";

test.each<[string, Json | undefined, Json | undefined, boolean]>([
  ["the order of keys is no difference", { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ["the order of items is one", [1, 2], [2, 1], false],
  ["a list is no object", [], {}, false],
  ["an object is no list", { length: 0 }, [], false],
  ["null is nothing else", null, {}, false],
  ["a missing member is no null", {}, { a: null }, false],
  ["another name is another member", { a: 1 }, { b: 1 }, false],
  ["a longer list begins with the shorter", [1], [1, 2], false],
  ["absent is equal to absent", undefined, undefined, true],
  ["absent is not null", undefined, null, false],
  ["a name that every object has", { constructor: 1 }, { a: 1 }, false],
])("%s", (_, a, b, equal) => {
  expect(equalJson(a, b)).toBe(equal);
  expect(equalJson(b, a)).toBe(equal);
});

test("is what equal canonical texts are", () => {
  const value = fc.jsonValue({ maxDepth: 3 }).filter((json) => findNotIJson(json) === undefined) as fc.Arbitrary<Json>;
  // Often alike, so that equality is tried as well as difference.
  const pair = fc.oneof(
    fc.tuple(value, value),
    value.map((json) => [json, JSON.parse(JSON.stringify(json)) as Json] as [Json, Json]),
  );
  const property = fc.property(pair, ([a, b]) => equalJson(a, b) === (canonicalJson(a) === canonicalJson(b)));
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});
