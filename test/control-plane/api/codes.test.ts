/** The codes that the API answers with, and the table that documents them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const source = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** Code to status, as the switch has them. */
function answered(): ReadonlyMap<string, number> {
  const [, cases = ""] = /switch \(code\) \{(.*?)\n {2}\}/s.exec(source("control-plane/api/problem.ts")) ?? [];
  const statuses = new Map<string, number>();
  for (const [, group = "", status] of cases.matchAll(/((?:\s*case "\w+":)+)\s*return (\d{3});/g)) {
    for (const [, code = ""] of group.matchAll(/"(\w+)"/g)) statuses.set(code, Number(status));
  }
  return statuses;
}

const documented = new Map(
  Array.from(source("docs/api.md").matchAll(/^\| `(\w+)` +\| (\d{3}) /gm), ([, code = "", status]) => [
    code,
    Number(status),
  ]),
);

test("every code is documented with the status it is answered with, and no other", () => {
  expect(answered().size).toBeGreaterThan(30);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(answered()));
});

test("every anchor that the table points at is a heading of the operations guide", () => {
  const headings = new Set(Array.from(source("docs/operations.md").matchAll(/^#+ `?(\w+)`?$/gm), ([, name]) => name));
  const anchors = Array.from(source("docs/api.md").matchAll(/operations\.md#(\w+)/g), ([, name = ""]) => name);
  expect(anchors.filter((name) => !headings.has(name.toLowerCase()) && !headings.has(titled(name)))).toEqual([]);
});

const titled = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);
