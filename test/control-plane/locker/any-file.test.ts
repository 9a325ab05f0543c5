import fc from "fast-check";
import { expect, test } from "vitest";
import { normalise } from "../../../shared/document/normalise.ts";
import { loadDocument } from "../../../control-plane/locker/load.ts";
import { diagnosticsAsText } from "../../../control-plane/locker/report.ts";
import { fromUtf8, utf8 } from "../../../shared/encoding/bytes.ts";
import { load, validDocument } from "./documents.ts";

const fileName = fc.constantFrom("a.yaml", "a.json");

/** Entries or an error; every diagnostic lies within the file. */
function isSound(file: string, bytes: Uint8Array): boolean {
  const { entries, diagnostics } = loadDocument(new Map([[file, bytes]]));
  const lines = (fromUtf8(bytes) ?? new TextDecoder().decode(bytes)).split("\n");
  diagnosticsAsText(diagnostics);
  return (
    (entries === undefined) === diagnostics.some(({ severity }) => severity === "error") &&
    diagnostics.every(({ line, column }) => column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1)
  );
}

test("no bytes make it throw", () => {
  const property = fc.property(fileName, fc.uint8Array({ maxLength: 200 }), isSound);
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});

test("no text makes it throw", () => {
  const syntax = fc.constantFrom(..."{}[]:,-?&*!|>'\"%@`#~<\\\n\t \uFEFF\u2028\uD800é1.e+tnfalsmgr_$".split(""));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(syntax, { maxLength: 60 }).map((units) => units.join("")),
  );
  const property = fc.property(fileName, text, (file, written) => isSound(file, utf8(written)));
  expect(() => fc.assert(property, { numRuns: 600 })).not.toThrow();
});

test("no edit of a valid document makes it throw", () => {
  const edit = fc.tuple(
    fc.nat(validDocument.length),
    fc.nat(12),
    fc.constantFrom(
      "",
      " ",
      "\n",
      ":",
      "- ",
      "{",
      "]",
      '"',
      "*health",
      "&x ",
      "<<: ",
      "!!str ",
      "101",
      "null",
      "__proto__",
      "\t",
      "#",
    ),
  );
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    const edited = edits.reduce(
      (text, [at, removed, put]) => text.slice(0, at) + put + text.slice(at + removed),
      validDocument,
    );
    return isSound("a.yaml", utf8(edited));
  });
  expect(() => fc.assert(property, { numRuns: 600 })).not.toThrow();
});

/** Any JSON that may stand in a flag: no number that isn't kept, no half surrogate pair, nothing too deep. */
const object = fc.dictionary(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }),
  fc.jsonValue({ maxDepth: 4 }),
);

test("JSON means the same as JSON and as YAML, and as JSON.parse has it", () => {
  const property = fc.property(object, fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
    const document = { flags: { f: { variants: { a: value, b: {} }, defaultVariant: "a" } } };
    const text = JSON.stringify(document, null, indent);
    const wanted = normalise(JSON.parse(text));
    for (const name of ["a.json", "a.yaml"]) {
      expect(load({ [name]: text }).entries).toEqual(wanted.entries);
    }
  });
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});
