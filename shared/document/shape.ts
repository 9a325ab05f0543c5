/** Holds a document against its declared shape: wrong types, missing keys, bounds. */
import * as v from "valibot";
import { findNotIJson } from "../encoding/json.ts";
import type { Path } from "./finding.ts";
import type { Report } from "./report.ts";
import { documentShape, isMapping } from "./schema.ts";

/** True where the document's top is a mapping, so that there is something to go on with. */
export function checkShape(document: unknown, report: Report): document is { readonly [key: string]: unknown } {
  if (!isMapping(document)) {
    report.error("wrong_type", [], `expected a mapping with flags, backends, routes …; found ${described(document)}`);
    return false;
  }
  checkIJson(document, report);
  for (const issue of v.safeParse(documentShape, document).issues ?? []) {
    const path = (issue.path ?? []).map((item) => item.key as string | number);
    reportIssue(issue, path, document, report);
  }
  return true;
}

/** One finding an entry at most: what isn't I-JSON can't be canonical, so it can't be signed. */
function checkIJson(document: { readonly [key: string]: unknown }, report: Report): void {
  for (const [section, members] of Object.entries(document)) {
    const parts = isMapping(members) ? Object.entries(members) : [];
    const roots: readonly (readonly [path: Path, value: unknown])[] =
      parts.length === 0 ? [[[section], members]] : parts.map(([name, value]) => [[section, name], value]);
    for (const [path, value] of roots) {
      // The name itself is the shape's to judge.
      const fault = findNotIJson(value, path);
      if (fault === undefined) continue;
      const atKey = fault.code === "forbidden_key" || fault.what.startsWith("a key");
      report.error(fault.code, fault.path, fault.what, atKey ? { atKey } : {});
    }
  }
}

const codedMessage = /^([a-z_]+): (.*)$/s;

function reportIssue(issue: v.BaseIssue<unknown>, path: Path, document: unknown, report: Report): void {
  const found = valueAt(document, path);
  const [, code, text = ""] = codedMessage.exec(issue.message) ?? [];
  if (code === "bad_name") {
    const name = String(path.at(-1));
    if (name === "__proto__") report.error("forbidden_key", path, `${name} can't be a name`, { atKey: true });
    else report.error(code, path, text, { atKey: true });
  } else if (code !== undefined && code !== "wrong_type") {
    report.error(code, path, `${text}; found ${described(found)}`);
  } else if (found === undefined) {
    report.error("missing_key", path.slice(0, -1), `${String(path.at(-1))} is missing`, { atKey: true });
  } else {
    const wanted = text === "" ? `expected ${typeNames.get(issue.expected ?? "") ?? issue.expected}` : text;
    const quote = wanted === "expected text" && (typeof found === "boolean" || typeof found === "number");
    report.error(
      "wrong_type",
      path,
      `${wanted}; found ${described(found)}`,
      quote ? { hint: `write it in quotes: "${String(found)}"` } : {},
    );
  }
}

const typeNames = new Map([
  ["string", "text"],
  ["number", "a number"],
  ["boolean", "true or false"],
  ["Array", "a list"],
  ["Object", "a mapping"],
  ["(string | null)", "text"],
]);

/** A value in a message: its text if it is short, else its kind. */
export function described(value: unknown): string {
  if (value === null) return "nothing (null)";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  if (typeof value === "string")
    return value.length <= 60 ? JSON.stringify(value) : `a text of ${value.length} characters`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}

function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return value;
}
