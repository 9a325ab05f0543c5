import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { load, told } from "./documents.ts";

const root = new URL("../../../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), "utf8");

const page = read("docs/document.md");
const documented = new Set([...page.matchAll(/^\| `([a-z0-9_]+)` +\| (?!Required)/gm)].map(([, code]) => code ?? ""));

const sources = [
  ...readdirSync(new URL("shared/document/", root)).map((name) => `shared/document/${name}`),
  ...["load", "merge", "parse-file", "read-files", "yaml-syntax", "yaml-value"].map(
    (name) => `control-plane/locker/${name}.ts`,
  ),
  "shared/flags/targeting-check.ts",
  "shared/encoding/json.ts",
];

/** In the sources of findings, text of small letters and underscores is a code, with few exceptions. */
const otherWords = new Set([
  "missing_some",
  "sem_ver",
  "starts_with",
  "ends_with",
  "flagmesh_id",
  "not_canonical",
  "snake_case",
]);
const codes = new Set(
  sources
    .flatMap((name) => [...read(name).matchAll(/["`]([a-z]+(?:_[a-z0-9]+)+)(?:["`]|: )/g)])
    .map(([, code]) => code ?? "")
    .filter((code) => !otherWords.has(code)),
);

/** References are told as unknown_ and what was referred to; one code is a single word. */
const composed = new Set(["unknown_flag", "unknown_variant", "unknown_segment", "unknown_backend", "unreadable"]);

test("every code in the sources is in the reference", () => {
  expect(codes.size).toBeGreaterThan(80);
  expect([...codes].filter((code) => !documented.has(code))).toEqual([]);
});

test("every code in the reference is one that can be reported", () => {
  const findings = page.slice(page.indexOf("## Findings"));
  const listed = [...findings.matchAll(/^\| `([a-z0-9_]+)` +\|/gm)].map(([, code]) => code ?? "");
  expect(listed.filter((code) => !codes.has(code) && !composed.has(code))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

test("the reference's example is valid", () => {
  const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  expect(told(load({ "mesh.yaml": example }))).toEqual([]);
});
