import fc from "fast-check";
import { expect, test } from "vitest";
import { normalise } from "../../../shared/document/normalise.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { exampleDocument } from "./example-document.ts";

/** Values as parsers make them, and some that only programs make. */
const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true, withDate: true });

/** Every place in a value, as a path. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as Record<string | number, unknown>)[key], [...path, key]))];
}

function replaced(path: readonly (string | number)[], put: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(exampleDocument));
  const last = path.at(-1);
  if (last === undefined) return put;
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as typeof at;
  at[last] = put;
  return copy;
}

/** Entries or an error, every finding with code and message, every entry canonical. */
function isSound(document: unknown): boolean {
  const { entries, findings } = normalise(document);
  for (const entry of entries?.values() ?? []) canonicalJson(entry as unknown as Json);
  return (
    (entries === undefined) === findings.some(({ severity }) => severity === "error") &&
    findings.every(({ code, message }) => /^[a-z_]+$/.test(code) && !/\[object|NaN ms/.test(message))
  );
}

test("no value makes it throw", () => {
  const property = fc.property(anything, isSound);
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});

test("no JSON in any section makes it throw", () => {
  const section = fc.constantFrom("mesh", "settings", "metadata", "$evaluators", "flags", "backends", "routes");
  const property = fc.property(fc.dictionary(section, fc.jsonValue()), isSound);
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});

test("a valid document with one part replaced gives entries, or says why not", () => {
  const all = places(exampleDocument);
  const odd = fc.oneof(
    fc.constantFrom(null, "", "on", "__proto__", 0, -1, 101, 1e21, NaN, true, [], {}, [[]], { $ref: "staff" }),
    fc.jsonValue({ maxDepth: 2 }),
    anything,
  );
  const property = fc.property(fc.constantFrom(...all), odd, (path, put) => isSound(replaced(path, put)));
  expect(() => fc.assert(property, { numRuns: 1_500 })).not.toThrow();
});
