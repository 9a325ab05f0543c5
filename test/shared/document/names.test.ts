import fc from "fast-check";
import { expect, test } from "vitest";
import { isName, nearestName } from "../../../shared/document/names.ts";

test.each(["a", "new-checkout", "constructor", "ein Ähnliches", "a/b:c", " ", "😀", "x".repeat(256)])(
  "%j is a name",
  (name) => {
    expect(isName(name)).toBe(true);
  },
);

test.each(["", "__proto__", "a\nb", "a\u0000", "\u009F", "\uD800", "x".repeat(257)])("%j is no name", (name) => {
  expect(isName(name)).toBe(false);
});

test.each([
  ["rolout", ["rollout", "state"], "rollout"],
  ["STATE", ["state"], "state"],
  ["of", ["on", "off"], "off"],
  ["x", ["y"], undefined],
  ["checkout", ["search"], undefined],
])("what is nearest to %s among %j is %s", (written, candidates, nearest) => {
  expect(nearestName(written, candidates)).toBe(nearest);
});

test("a name with one character removed, added or changed is found again", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{6,20}$/), fc.nat(), fc.constantFrom("", "q"), (name, at, put) => {
      const i = at % name.length;
      const written = name.slice(0, i) + put + name.slice(i + 1);
      fc.pre(written !== name);
      expect(nearestName(written, [name])).toBe(name);
    }),
  );
});
