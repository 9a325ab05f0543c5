import { describe, expect, test } from "vitest";
import { createReport } from "../../../shared/document/report.ts";
import type { Json } from "../../../shared/encoding/json.ts";
import { checkTargeting } from "../../../shared/flags/targeting-check.ts";
import { variantsNamed } from "../../../shared/flags/targeting-results.ts";

function found(rule: Json): string[] {
  const report = createReport();
  checkTargeting(rule, [], report);
  return report.findings.map(({ severity, code, path }) => `${severity} ${code} ${path.join("/")}`);
}

const attribute = { var: "age" };

const sound: readonly Json[] = [
  "on",
  null,
  {},
  { if: [{ $ref: "staff" }, "on", null] },
  { if: [true, 1, false, 2, 3] },
  { "<": [1, attribute, 3] },
  { "!": attribute },
  { max: attribute },
  { cat: "a" },
  { merge: [] },
  { missing: "age" },
  {
    fractional: [
      ["on", 25],
      ["off", 75],
    ],
  },
  { fractional: [["on"], ["off"]] },
  { fractional: [{ cat: ["salt", attribute] }, [{ var: "variant" }, { if: [true, 1, 2] }], ["off", 0]] },
  { fractional: ["key", ["on", 2 ** 31 - 1]] },
  { fractional: { var: "buckets" } },
  { sem_ver: [{ var: "version" }, ">=", "v1.2"] },
  { sem_ver: { var: "comparison" } },
  { starts_with: [{ var: "email" }, "a"] },
];

const unsound: readonly (readonly [rule: Json, findings: readonly string[]])[] = [
  [{ ends_wiht: ["a", "b"] }, ["error unknown_operator ends_wiht"]],
  [{ log: "a" }, ["error unknown_operator log"]],
  [{ constructor: [] }, ["error unknown_operator constructor"]],
  [{ if: [true, { and: [{ nto: [1] }] }] }, ["error unknown_operator if/1/and/0/nto"]],
  [{ if: [true, "on"], or: [] }, ["error ambiguous_operator or"]],
  [{ $ref: "a", if: [1, 2] }, ["error ambiguous_operator if"]],
  [{ if: "on" }, ["warning operator_arguments if"]],
  [{ if: [true] }, ["warning operator_arguments if"]],
  [{ and: attribute }, ["warning operator_arguments and"]],
  [{ "==": [1] }, ["warning operator_arguments =="]],
  [{ "==": attribute }, ["warning operator_arguments =="]],
  [{ map: [attribute] }, ["warning operator_arguments map"]],
  [{ in: ["a"] }, ["warning operator_arguments in"]],
  [{ "!": [1, 2] }, ["warning operator_arguments !"]],
  [{ var: ["a", 1, 2] }, ["warning operator_arguments var"]],
  [{ reduce: [[], 1, 2, 3] }, ["warning operator_arguments reduce"]],
  [{ "%": [1] }, ["warning operator_arguments %"]],
  [{ max: [] }, ["warning operator_arguments max"]],
  [{ starts_with: ["a"] }, ["warning operator_arguments starts_with"]],
  [{ starts_with: [5, attribute] }, ["warning never_text starts_with/0"]],
  [{ sem_ver: [attribute, ">="] }, ["warning operator_arguments sem_ver"]],
  [{ sem_ver: [attribute, "=>", "1.0.0"] }, ["warning sem_ver_relation sem_ver/1"]],
  [{ sem_ver: ["1.x", "=", "one"] }, ["warning sem_ver_version sem_ver/0", "warning sem_ver_version sem_ver/2"]],
  [{ fractional: [] }, ["warning operator_arguments fractional"]],
  [{ fractional: ["key", "on"] }, ["warning fractional_bucket fractional/1"]],
  [{ fractional: [["on", 1], []] }, ["warning fractional_bucket fractional/1"]],
  [{ fractional: [["on", 1, 1]] }, ["warning fractional_bucket fractional/0"]],
  [{ fractional: [5, ["on", 1]] }, ["warning fractional_bucket fractional/0"]],
  [{ fractional: [["on", 12.5]] }, ["warning fractional_weights fractional/0/1"]],
  [{ fractional: [["on", -1]] }, ["warning fractional_weights fractional/0/1"]],
  [{ fractional: [["on", "5"]] }, ["warning fractional_weights fractional/0/1"]],
  [
    {
      fractional: [
        ["on", 0],
        ["off", 0],
      ],
    },
    ["warning fractional_weights fractional"],
  ],
  [
    {
      fractional: [
        ["on", 2 ** 31 - 1],
        ["off", 1],
      ],
    },
    ["warning fractional_weights fractional"],
  ],
];

describe("a check of targeting", () => {
  test.each(sound)("finds nothing in %j", (rule) => {
    expect(found(rule)).toEqual([]);
  });

  test.each(unsound)("finds in %j: %j", (rule, findings) => {
    expect(found(rule)).toEqual(findings);
  });

  test("asks whether another operator was meant, and points at the key", () => {
    const report = createReport();
    checkTargeting({ ends_wiht: ["a", "b"] }, ["flags", "a", "targeting"], report);
    expect(report.findings).toEqual([
      {
        code: "unknown_operator",
        severity: "error",
        path: ["flags", "a", "targeting", "ends_wiht"],
        message: 'there is no operator "ends_wiht"',
        atKey: true,
        hint: "did you mean ends_with?",
      },
    ]);
  });

  test("ends for a rule without end", () => {
    let rule: Json = "on";
    for (let i = 0; i < 50_000; i++) rule = { "!": [rule] };
    expect(found(rule)).toEqual([]);
  });
});

describe("the variants that a rule names", () => {
  const segment = (name: string): Json | undefined =>
    ({ beta: { if: [attribute, "beta", null] }, self: { $ref: "self" } })[name];
  const named = (rule: Json): string[] =>
    variantsNamed(rule, segment).map(({ variant, path }) => `${variant} ${path.join("/")}`);

  test.each<readonly [rule: Json, variants: readonly string[]]>([
    ["on", ["on "]],
    [true, ["true "]],
    [null, []],
    [{ var: "variant" }, []],
    [{ var: ["variant", "off"] }, ["off var/1"]],
    [{ if: [attribute, "on", attribute, "third", "off"] }, ["on if/1", "third if/3", "off if/4"]],
    [{ if: [attribute, "on"] }, ["on if/1"]],
    [{ or: [{ if: [attribute, "on", null] }, "off"] }, ["on or/0/if/1", "off or/1"]],
    [{ and: [{ "==": [attribute, 1] }, "on"] }, ["false and/0/==", "on and/1"]],
    [{ "==": [attribute, 1] }, ["true ==", "false =="]],
    [
      { fractional: [attribute, ["on", 1], ["never", 0], [{ if: [attribute, "third"] }]] },
      ["on fractional/1/0", "third fractional/3/0/if/1"],
    ],
    [{ if: [attribute, { $ref: "beta" }] }, ["beta if/1/$ref"]],
    [{ $ref: "gone" }, []],
    [{ $ref: "self" }, []],
  ])("%j: %j", (rule, variants) => {
    expect(named(rule)).toEqual(variants);
  });
});
