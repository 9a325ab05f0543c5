/** Documents with something wrong: 422 with file, line and column, and nothing changes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../../shared/limits.ts";
import { startApi, type LiveApi } from "../api/live-api.ts";
import { documentText } from "../engine/test-document.ts";

let api: LiveApi;

beforeAll(async () => {
  api = await startApi();
  await api.push(documentText());
});
afterAll(() => api.close());

const flag = (body: string): string =>
  `flags:\n  a:\n    variants: { "on": true, "off": false }\n    defaultVariant: "off"\n    ${body}\n`;

/** What is wrong, the document, and where: code, line, column. */
const cases: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, string, number, number])[] = [
  ["broken YAML", "flags: [\n", "yaml_syntax", 2, 1],
  ["a key twice", "flags: {}\nflags: {}\n", "duplicate_key", 2, 1],
  ["a flag twice", `${flag("state: ENABLED")}  a: { variants: { x: 1 } }\n`, "duplicate_key", 6, 3],
  ["an unknown key", "flag: {}\n", "unknown_key", 1, 1],
  ["no mapping", "- 1\n", "wrong_type", 1, 1],
  ["an empty document", "# nothing\n", "wrong_type", 1, 1],
  ["two documents", "flags: {}\n---\nflags: {}\n", "many_documents", 2, 1],
  ["an unknown variant", flag('rollout: { "blue": 10 }'), "unknown_variant", 5, 16],
  ["101 percent", flag('rollout: { "on": 101 }'), "percent_range", 5, 22],
  ["more than 100 percent together", flag('rollout: { "on": 60, "off": 60 }'), "rollout_over_100", 5, 5],
  ["four decimals", flag('rollout: { "on": 10.1234 }'), "percent_precision", 5, 22],
  [
    "a default that is no variant",
    'flags: { a: { variants: { x: 1 }, defaultVariant: "y" } }\n',
    "unknown_variant",
    1,
    51,
  ],
  ["a dangling segment", flag('targeting: { if: [{ $ref: nobody }, "on", null] }'), "unknown_segment", 5, 31],
  ["a dangling prerequisite", flag("prerequisites: [{ flag: none, variants: [x] }]"), "unknown_flag", 5, 29],
  ["a prerequisite of itself", flag('prerequisites: [{ flag: a, variants: ["on"] }]'), "prerequisite_cycle", 5, 5],
  [
    "a dangling backend",
    "routes: { r: { match: { host: shop.example.com }, backend: none } }\n",
    "unknown_backend",
    1,
    60,
  ],
  [
    "a dangling flag",
    'routes: { r: { match: { host: shop.example.com }, flag: none, to: { "on": x } } }\n',
    "unknown_flag",
    1,
    57,
  ],
  ["an http endpoint", 'backends: { b: { endpoints: [{ url: "http://v1.example.com" }] } }\n', "url_not_https", 1, 37],
  ["a private endpoint", 'backends: { b: { endpoints: [{ url: "https://127.0.0.1" }] } }\n', "url_not_public", 1, 37],
  [
    "an alias bomb",
    `a: &a [${"x,".repeat(50)}]\n${Array.from({ length: 12 }, (_, i) => `b${i}: &b${i} [${Array.from({ length: 20 }, () => `*${i === 0 ? "a" : `b${i - 1}`}`).join(",")}]`).join("\n")}\n`,
    "alias_limit",
    3,
    42,
  ],
  ["__proto__", "flags:\n  __proto__: { variants: { x: 1 } }\n", "forbidden_key", 2, 3],
  ["a YAML directive", "%YAML 1.1\n---\nflags: {}\n", "yaml_directive", 1, 1],
  ["a tag", "flags: !!js/function 'x'\n", "yaml_tag", 1, 22],
  [
    "a number that isn't kept",
    "flags: { a: { variants: { x: 9007199254740993 }, defaultVariant: x } }\n",
    "unsafe_number",
    1,
    30,
  ],
  ["a number too large", "flags: { a: { variants: { x: 1e400 }, defaultVariant: x } }\n", "unsafe_number", 1, 30],
  ["a key that is no text", "flags: { 1: { variants: { x: 1 } } }\n", "non_string_key", 1, 10],
  ["a control character", "flags: {}\n# \u0007\n", "not_text", 2, 3],
  ["a byte order mark", "\uFEFFflags: {}\n", "byte_order_mark", 1, 1],
  ["bytes that are no text", Uint8Array.from([0x66, 0x6c, 0xff, 0xfe, 0x00]), "not_utf8", 1, 3],
];

test.each(cases)("%s is told with its place, and nothing changes", async (_, document, code, line, column) => {
  const headers = { "content-type": "application/yaml" };
  const { status, body, headers: answered } = await api.call("POST", "/releases", { body: document, headers });
  expect([status, body["code"], answered.get("content-type")]).toEqual([
    422,
    "document_invalid",
    "application/problem+json",
  ]);
  const [found] = body["diagnostics"] as readonly Record<string, unknown>[];
  expect(found).toMatchObject({ code, severity: "error", file: "body.yaml", line, column });
  expect(body["detail"]).toMatch(/^the document has errors \(\d+ errors?.*\); nothing was changed$/);
  expect((await api.call("GET", "/releases")).body["releases"]).toHaveLength(1);
});

test("a bundle's findings name its files, and the place of the other definition", async () => {
  const files = {
    "mesh.yaml": "flags:\n  a: { variants: { x: 1 }, defaultVariant: x }\n",
    "flags/b.yaml":
      "flags:\n  b: { variants: { x: 1 }, defaultVariant: x }\n  a: { variants: { x: 2 }, defaultVariant: x }\n",
  };
  const { status, body } = await api.push({ files });
  expect([status, body["code"]]).toEqual([422, "document_invalid"]);
  expect(body["diagnostics"]).toMatchObject([
    { file: "flags/b.yaml", line: 3, column: 3, related: { file: "mesh.yaml", line: 2, column: 3 } },
  ]);
});

test("JSON that isn't is told as such, with its place", async () => {
  const headers = { "content-type": "application/json" };
  const { status, body } = await api.call("POST", "/releases", { body: '{"flags": {},\n "mesh": }', headers });
  expect([status, body["code"]]).toEqual([422, "document_invalid"]);
  expect(body["diagnostics"]).toMatchObject([{ code: "json_syntax", file: "body.json", line: 2 }]);
});

test("of many findings a bounded number is told", async () => {
  const document = Array.from({ length: 3_000 }, (_, i) => `unknown-${i}: 1`).join("\n");
  const { status, body } = await api.push(document);
  expect(status).toBe(422);
  const diagnostics = body["diagnostics"] as readonly { readonly code: string }[];
  expect(diagnostics).toHaveLength(limits.findingsMax + 1);
  expect(diagnostics.at(-1)?.code).toBe("too_many_findings");
});
