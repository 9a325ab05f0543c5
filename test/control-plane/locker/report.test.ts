import { expect, test } from "vitest";
import { countOf, diagnosticsAsJson, diagnosticsAsText } from "../../../control-plane/locker/report.ts";
import { diagnosticsAsSarif } from "../../../control-plane/locker/sarif.ts";
import { load } from "./documents.ts";

const { diagnostics } = load({
  "mesh.yaml": "mesh: a/b\nflags:\n\tx: 1\n",
});
const found = load({
  "flags/a b.yaml": `flags:
  x:
    variants: { on: true, off: "no" }
    defaultVariant: of
    rolout: { on: 5 }
`,
}).diagnostics;

test("as text, each has its place, its line with carets, its hint and the other place", () => {
  expect(diagnosticsAsText(found)).toBe(`\
flags/a b.yaml:3:32: warning: off is a string, on a boolean [mixed_variants]
  3 |     variants: { on: true, off: "no" }
    |                                ^^^^
  hint: give all variants of a flag values of one type
  see: flags/a b.yaml:3:21

flags/a b.yaml:4:21: error: there is no variant "of" [unknown_variant]
  4 |     defaultVariant: of
    |                     ^^
  hint: did you mean off?

flags/a b.yaml:5:5: warning: rolout has no effect [unknown_flag_key]
  5 |     rolout: { on: 5 }
    |     ^^^^^^
  hint: did you mean rollout?
`);
});

test("carets stand under the place behind tabs too", () => {
  expect(diagnosticsAsText(diagnostics)).toContain("  3 | \tx: 1\n    | ^");
});

test("colours are there only where they are asked for", () => {
  expect(diagnosticsAsText(found)).not.toContain("\u001B");
  expect(diagnosticsAsText(found, { colour: true })).toContain("\u001B[1;31merror\u001B[0m");
});

test("nothing that a document holds reaches a terminal as a control sequence", () => {
  const hostile = load({
    "m.yaml": 'flags: { "\\e[2J\\r\\nx": { variants: { "\\u009b1m": 1 } } }\n"\u009b\u2028": 1\n',
  });
  const text = diagnosticsAsText(hostile.diagnostics);
  expect(hostile.diagnostics.length).toBeGreaterThan(2);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\u2028/u);
});

test("what is counted is errors and warnings", () => {
  expect(countOf(found)).toBe("1 error, 2 warnings");
  expect(countOf([])).toBe("no findings");
});

test("as JSON they are as they are", () => {
  expect(JSON.parse(diagnosticsAsJson(found))).toEqual(found);
});

test("as SARIF each is a result of its code's rule, with regions in UTF-16 units", () => {
  const sarif = JSON.parse(diagnosticsAsSarif(found, "1.2.3")) as {
    version: string;
    runs: [{ tool: unknown; columnKind: string; results: readonly unknown[] }];
  };
  const [run] = sarif.runs;
  expect(sarif.version).toBe("2.1.0");
  expect(run.columnKind).toBe("utf16CodeUnits");
  expect(run.tool).toEqual({
    driver: {
      name: "flagmesh",
      version: "1.2.3",
      rules: [{ id: "mixed_variants" }, { id: "unknown_flag_key" }, { id: "unknown_variant" }],
    },
  });
  expect(run.results[0]).toEqual({
    ruleId: "mixed_variants",
    ruleIndex: 0,
    level: "warning",
    message: { text: "off is a string, on a boolean. Hint: give all variants of a flag values of one type" },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "flags/a%20b.yaml" },
          region: { startLine: 3, startColumn: 32, endLine: 3, endColumn: 36 },
        },
      },
    ],
    relatedLocations: [
      {
        id: 1,
        physicalLocation: { artifactLocation: { uri: "flags/a%20b.yaml" }, region: { startLine: 3, startColumn: 21 } },
      },
    ],
  });
});
