import fc from "fast-check";
import { expect, test } from "vitest";
import { denormalise, documentText } from "../../../shared/document/denormalise.ts";
import type { Entries } from "../../../shared/document/entry.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { normalise } from "../../../shared/document/normalise.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { exampleDocument, exampleWith } from "./example-document.ts";

const mesh = "acme/production" as MeshId;
const options = { allowInsecureEndpoints: true };

function entriesOfDocument(document: unknown): Entries {
  const { entries, findings } = normalise(document, options);
  if (entries === undefined) throw new Error(JSON.stringify(findings));
  return entries;
}

/** As they come out of a snapshot: JCS has sorted the keys of every object. */
const stored = (entries: Entries): Entries =>
  new Map([...entries].map(([key, value]) => [key, JSON.parse(canonicalJson(value as unknown as Json))]));

const texts = (entries: Entries): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].map(([key, value]) => [key, canonicalJson(value as unknown as Json)]));

const again = (entries: Entries): Entries =>
  entriesOfDocument(JSON.parse(documentText(denormalise(mesh, stored(entries)))));

test("a document that uses every key gives the same entries again", () => {
  const entries = entriesOfDocument(exampleDocument);
  expect(texts(again(entries))).toEqual(texts(entries));
});

test.each([
  ["shares in the order in which they are dealt", [["flags>new-checkout>rollout", { off: 0.001, on: 12.345 }]]],
  [
    "variants named like whole numbers",
    [["flags>extra", { variants: { 2: "b", 1: "a", x: "c" }, rollout: { 1: 10, 2: 20, x: 30 } }]],
  ],
  ["a plan's steps in their order", [["flags>new-search>rollout", { variant: "on", steps: [100, 0.001, 0, 33.333] }]]],
  ["a flag without a default", [["flags>extra", { variants: { a: 1 }, defaultVariant: null }]]],
  ["a flag that is off", [["flags>extra", { state: "DISABLED", variants: { a: { b: [1] } }, defaultVariant: "a" }]]],
  ["names that every object has", [["flags>constructor", { variants: { toString: 1 }, rollout: { toString: 1 } }]]],
  ["no settings", [["settings", undefined]]],
  ["no metadata", [["metadata", undefined]]],
  ["nothing", ["settings", "metadata", "$evaluators", "flags", "backends", "routes"].map((key) => [key, undefined])],
] as [string, [string, unknown][]][])("%s come back", (_, changes) => {
  const entries = entriesOfDocument(exampleWith(...changes));
  const back = again(entries);
  expect(texts(back)).toEqual(texts(entries));
});

test("whatever a valid document says comes back", () => {
  const percent = fc.integer({ min: 0, max: 33_333 }).map((share) => share / 1_000);
  const name = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).filter((text) => !/\p{Cc}/u.test(text));
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).filter((all) => !all.includes("__proto__"));
  const flag = names.chain((variants) =>
    fc.record(
      {
        state: fc.constantFrom("ENABLED", "DISABLED"),
        variants: fc.constant(Object.fromEntries(variants.map((variant, i) => [variant, i]))),
        defaultVariant: fc.constantFrom(...variants, null),
        rollout: fc.oneof(
          fc
            .tuple(...variants.map(() => percent))
            .map((shares) => Object.fromEntries(variants.map((variant, i) => [variant, shares[i]]))),
          fc.record({
            variant: fc.constantFrom(...variants),
            steps: fc.uniqueArray(percent, { minLength: 1, maxLength: 5 }),
          }),
        ),
        targeting: fc.constantFrom({ if: [{ $ref: "staff" }, variants[0], null] }, {}),
        metadata: fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 2 }),
      },
      { requiredKeys: ["variants"] },
    ),
  );
  const backend = fc.record({
    endpoints: fc.constant([{ url: "http://127.0.0.1:80", weight: 3 }, { url: "https://a.example" }]),
    health: fc.record({
      path: fc.constant("/healthz"),
      interval: fc.constantFrom("10s", "1m", "1h", "1234ms"),
      timeout: fc.constantFrom("10ms", "1s", "1000ms"),
    }),
  });
  const document = fc.record({
    flags: fc.dictionary(name, flag, { maxKeys: 3 }),
    backends: fc.dictionary(name, backend, { maxKeys: 2 }),
    $evaluators: fc.constant({ staff: { in: [{ var: "email" }, ["a"]] } }),
  });
  const property = fc.property(document, (written) => {
    const { entries } = normalise(written, options);
    fc.pre(entries !== undefined);
    expect(texts(again(entries))).toEqual(texts(entries));
  });
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});

test("its text has one entry a line", () => {
  const text = documentText(denormalise(mesh, entriesOfDocument(exampleDocument)));
  expect(text).toMatch(/^ {4}"new-search": \{.*\},?$/m);
  expect(text.split("\n").filter((line) => line.startsWith("    "))).toHaveLength(1 + 2 + 4 + 2);
});
