import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { limits } from "../../../shared/limits.ts";
import { load, told, validDocument, type Files } from "./documents.ts";

const flag = "{ variants: { on: true, off: false }, defaultVariant: off }";

test("a valid document becomes entries, with nothing to say", () => {
  const loaded = load({ "mesh.yaml": validDocument });
  expect(loaded.diagnostics).toEqual([]);
  expect(loaded.mesh).toBe("acme/production");
  expect([...(loaded.entries?.keys() ?? [])]).toEqual([
    "settings",
    "segment:staff",
    "flag:new-checkout",
    "flag:new-search",
    "backend:checkout-v1",
    "backend:checkout-v2",
    "route:checkout",
    "route:rest",
  ]);
});

describe("a flagd file loads", () => {
  const folder = new URL("../../vectors/flagd/", import.meta.url);
  test.each(readdirSync(folder))("%s", (name) => {
    const { entries, diagnostics } = load({ [name]: readFileSync(new URL(name, folder)) });
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(entries).toBeDefined();
  });

  test("as YAML too, with comments, block scalars and YAML's other ways to write a string", () => {
    const yaml = `
# flagd, in YAML
$schema: https://flagd.dev/schema/v0/flags.json
flags:
  banner:
    state: ENABLED
    variants:
      short: 'it''s on sale'
      long: >-
        folded
        text
      listed: |
        kept
    defaultVariant: short
    targeting:
      if:
        - ends_with:
            - var: [email]
            - "@example.com"
        - long
metadata: { version: "1" }
`;
    expect(load({ "flags.yaml": yaml }).entries?.get("flag:banner")).toMatchObject({
      variants: { short: "it's on sale", long: "folded text", listed: "kept\n" },
    });
  });

  test("whose flags are a list has each under its key", () => {
    const json = JSON.stringify({ flags: [{ key: "a", variants: { on: true }, defaultVariant: "on" }] });
    expect(load({ "flags.json": json }).entries?.get("flag:a")).toEqual({
      state: "ENABLED",
      variants: { on: true },
      defaultVariant: "on",
    });
  });
});

describe("what is wrong is told with its place", () => {
  /** One file `m.yaml`. */
  const yaml: readonly (readonly [title: string, text: string, ...told: string[]])[] = [
    ["nothing", "", "wrong_type m.yaml:1:1"],
    ["a comment only", "# nothing yet\n", "wrong_type m.yaml:1:1"],
    ["a list", "- a\n- b\n", "wrong_type m.yaml:1:1"],
    ["a word", "\n  flags\n", "wrong_type m.yaml:2:3"],
    ["a bracket that isn't closed", "flags:\n  a: { variants: { on: true }\n", "yaml_syntax m.yaml:3:1"],
    ["a bad indent", "flags:\n  a: 1\n   b: 2\n", "yaml_syntax m.yaml:2:6"],
    ["a tab as indent", "flags:\n\ta: 1\n", "yaml_syntax m.yaml:2:1"],
    ["a quote that isn't closed", 'mesh: "acme/production\n', "yaml_syntax m.yaml:2:1"],
    ["a bad escape", 'mesh: "acme\\q"\n', "yaml_syntax m.yaml:1:12"],
    ["YAML 1.1", "%YAML 1.1\n---\nflags: {}\n", "yaml_directive m.yaml:1:1"],
    ["a tag directive", "%TAG ! tag:x,2000:\n---\nflags: {}\n", "yaml_directive m.yaml:1:1"],
    ["two documents", "flags: {}\n---\nflags: {}\n", "many_documents m.yaml:2:1"],
    ["a tag", "flags:\n  a: !!map {}\n", "missing_key m.yaml:2:3", "yaml_tag m.yaml:2:12"],
    ["an unknown tag", "metadata: { a: !env HOME }\n", "yaml_tag m.yaml:1:21"],
    ["a tag on a key", "!!str metadata: {}\n", "yaml_tag m.yaml:1:7"],
    ["a key twice", `flags:\n  a: ${flag}\n  a: ${flag}\n`, "duplicate_key m.yaml:3:3 → m.yaml:2:3"],
    ["a section twice", "flags: {}\nbackends: {}\nflags: {}\n", "duplicate_key m.yaml:3:1 → m.yaml:1:1"],
    ["a key twice, deep inside", "metadata: {a: 1, b: 2, a: 3}\n", "duplicate_key m.yaml:1:24 → m.yaml:1:12"],
    ["a boolean key", "metadata:\n  true: 1\n", "non_string_key m.yaml:2:3"],
    ["a number as key", "metadata:\n  1: 1\n", "non_string_key m.yaml:2:3"],
    ["null as key", "metadata:\n  ~: 1\n", "non_string_key m.yaml:2:3"],
    ["a list as key", "metadata:\n  ? [a]\n  : 1\n", "non_string_key m.yaml:2:5"],
    ["an alias as key", "metadata:\n  a: &x b\n  *x : 1\n", "non_string_key m.yaml:3:3"],
    ["no key at all", "metadata:\n  : 1\n", "non_string_key m.yaml:2:3"],
    ["a merge key", "metadata:\n  <<: { a: 1 }\n  b: 2\n", "merge_key m.yaml:2:3"],
    ["__proto__ as flag", `flags:\n  __proto__: ${flag}\n`, "forbidden_key m.yaml:2:3"],
    ["__proto__ deep inside", "metadata: { __proto__: 1 }\n", "forbidden_key m.yaml:1:13"],
    ["an integer that isn't kept", "metadata: { n: 9007199254740993 }\n", "unsafe_number m.yaml:1:16"],
    ["a number that overflows", "metadata: { n: 1e400 }\n", "unsafe_number m.yaml:1:16"],
    ["infinity", "metadata: { n: -.inf }\n", "unsafe_number m.yaml:1:16"],
    ["not a number", "metadata: { n: .nan }\n", "unsafe_number m.yaml:1:16"],
    ["half a surrogate pair", 'metadata: { s: "\\ud800" }\n', "half_surrogate m.yaml:1:16"],
    ["an alias without anchor", "metadata: { a: *b }\n", "unknown_alias m.yaml:1:16"],
    ["an alias before its anchor", "metadata: { a: *b, c: &b 1 }\n", "unknown_alias m.yaml:1:16"],
    ["an alias inside its anchor", "$evaluators: { a: &x { or: [ *x ] } }\n", "alias_cycle m.yaml:1:30"],
    [
      "half a surrogate pair in a key",
      'flags: { a: { variants: { v: { "\\ud800": null } } } }\n',
      "half_surrogate m.yaml:1:32",
    ],
    [
      "a listed flag without key",
      "flags:\n  - { key: a, variants: { on: 1 } }\n  - { variants: { on: 1 } }\n",
      "wrong_type m.yaml:1:1",
    ],
    ["a listed flag that is text", "flags: [a]\n", "wrong_type m.yaml:1:1"],
    ["a tower of keys", `${"? ".repeat(130)}a\n`, "too_deep m.yaml:1:257"],
    ["a byte order mark", "\uFEFFflags: {}\n", "byte_order_mark m.yaml:1:1"],
    ["a control character", 'mesh: a/b\nmetadata: { a: "x\u0007" }\n', "not_text m.yaml:2:18"],
    ["a zero byte", "flags: {}\n\u0000", "not_text m.yaml:2:1"],
    ["an unknown key", "mesh: a/b\nflagz: {}\n", "unknown_key m.yaml:2:1"],
    ["a finding at a missing key", "backends:\n  a:\n    health: {}\n    service: A\n", "missing_key m.yaml:3:5"],
    [
      "a finding at a list's item",
      "settings:\n  identity:\n    - header: a\n      cookie: b\n",
      "identity_kind m.yaml:3:7",
    ],
    ["a finding at an item's value", "settings:\n  identity:\n    - header: a b\n", "bad_identity_name m.yaml:3:15"],
    ["a finding at nothing", "flags:\n", "wrong_type m.yaml:1:1"],
    [
      "a finding in what an alias stands for",
      `metadata: { owner: &f { a: 1 } }\nflags:\n  a: { variants: { on: true }, metadata: *f, defaultVariant: of }\n`,
      "wrong_type m.yaml:1:13",
      "unknown_variant m.yaml:3:62",
    ],
    [
      "shares whose order would be lost",
      'flags:\n  a:\n    variants: { "1": 1, "2": 2 }\n    rollout: { "2": 10, "1": 20 }\n',
      "rollout_order m.yaml:4:14",
    ],
    [
      "an unknown variant, far away",
      validDocument.replace("variants: [on]", "variants: [no]"),
      "unknown_variant m.yaml:18:55",
    ],
    ["101 %", validDocument.replace("12.5", "101"), "percent_range m.yaml:12:22"],
    [
      "Windows' line ends",
      "mesh: a/b\r\nflagz: {}\r\nmetadata: { a: }\r\n",
      "unknown_key m.yaml:2:1",
      "wrong_type m.yaml:3:13",
    ],
  ];

  test.each(yaml)("%s", (_, text, ...expected) => {
    const loaded = load({ "m.yaml": text });
    expect(told(loaded)).toEqual(expected);
    expect(loaded.entries).toBeUndefined();
  });

  const json: readonly (readonly [title: string, text: string, ...told: string[]])[] = [
    ["nothing", "", "json_syntax m.json:1:1"],
    ["a comment", '{ "flags": {} } // all\n', "json_syntax m.json:1:17"],
    ["a comma too many", '{\n  "flags": {},\n}\n', "json_syntax m.json:3:1"],
    ["a bracket that isn't closed", '{\n  "flags": {\n', "json_syntax m.json:3:1"],
    ["a key without quotes", "{ flags: {} }", "json_syntax m.json:1:3"],
    ["a key twice", '{ "metadata": { "a": 1,\n "a": 2 } }', "duplicate_key m.json:2:2 → m.json:1:17"],
    ["a number that overflows", '{ "metadata": { "a": 1e999 } }', "unsafe_number m.json:1:22"],
    ["half a surrogate pair", '{ "metadata": { "a": "\\udc00" } }', "half_surrogate m.json:1:22"],
    ["__proto__", '{ "metadata": { "__proto__": 1 } }', "forbidden_key m.json:1:17"],
    ["a wrong type behind tabs", '{\n\t"metadata": {\n\t\t"a": null\n\t}\n}', "wrong_type m.json:3:8"],
  ];

  test.each(json)("JSON: %s", (_, text, ...expected) => {
    expect(told(load({ "m.json": text }))).toEqual(expected);
  });

  test("bytes that aren't UTF-8", () => {
    const bytes = Uint8Array.of(...utf8("mesh: a/b\nflags: "), 0xff, 0xfe);
    expect(told(load({ "m.yaml": bytes }))).toEqual(["not_utf8 m.yaml:2:8"]);
  });
});

test("an alias may stand for a key's text", () => {
  const { entries } = load({ "m.yaml": "metadata: { &owner team: *owner }\n" });
  expect(entries?.get("settings")).toMatchObject({ metadata: { team: "team" } });
});

describe("several files", () => {
  test("are one document", () => {
    const { entries, diagnostics } = load({
      "mesh.yaml":
        "mesh: a/b\nbackends: { x: { service: X } }\nroutes: { r: { match: { host: h }, flag: a, to: { on: x, off: x } } }\n",
      "flags/team-1/a.yaml": `flags:\n  a: ${flag}\n`,
      "flags/team-2/b.json":
        '{ "$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {"b": {"variants": {"x": 1}}}}',
      "flags/team-3/c.yml": `$schema: x\n$evaluators: { s: { var: a } }\nflags: {}\n`,
    });
    expect(diagnostics).toEqual([]);
    expect([...(entries?.keys() ?? [])].sort()).toEqual([
      "backend:x",
      "flag:a",
      "flag:b",
      "route:r",
      "segment:s",
      "settings",
    ]);
  });

  test.each<[string, Files, ...string[]]>([
    [
      "a flag in two of them",
      { "flags/a.yaml": `flags:\n  a: ${flag}\n`, "flags/b.yaml": `flags:\n  b: ${flag}\n  a: ${flag}\n` },
      "duplicate_key flags/b.yaml:3:3 → flags/a.yaml:2:3",
    ],
    [
      "settings in two of them",
      { "mesh.yaml": "settings: {}\n", "flags/b.yaml": "flags: {}\nsettings: {}\n" },
      "duplicate_key flags/b.yaml:2:1 → mesh.yaml:1:1",
    ],
    [
      "a flag in a list and in a mapping",
      { "a.json": '{"flags": [{"key": "a", "variants": {"on": true}}]}', "b.yaml": `flags:\n  a: ${flag}\n` },
      "duplicate_key b.yaml:2:3 → a.json:1:20",
    ],
    [
      "a finding that concerns another",
      {
        "mesh.yaml": "backends: { x: { service: X } }\nroutes:\n  r: { match: { host: h }, flag: a, to: { on: x } }\n",
        "flags/a.yaml": `flags:\n  a: ${flag}\n`,
      },
      "variant_not_routed mesh.yaml:3:37 → flags/a.yaml:2:8",
    ],
    [
      "one with wrong syntax, which hides no finding of another's syntax",
      {
        "a.yaml": "flags: [\n",
        "b.yaml": "backends: }\n",
        "c.yaml": "routes: { r: { match: { host: h }, flag: a, to: {} } }\n",
      },
      "yaml_syntax a.yaml:2:1",
      "yaml_syntax b.yaml:1:11",
    ],
    ["one that is a list", { "a.yaml": "mesh: a/b\n", "b.yaml": "- flags\n" }, "wrong_type b.yaml:1:1"],
    ["a name that leaves the folder", { "../a.yaml": "mesh: a/b\n" }, "bad_file_name .:1:1"],
    ["an absolute name", { "/etc/a.yaml": "mesh: a/b\n" }, "bad_file_name .:1:1"],
    ["a name with a line break", { "a\nb.yaml": "mesh: a/b\n" }, "bad_file_name .:1:1"],
    ["none", {}, "no_document .:1:1"],
  ])("%s", (_, files, ...expected) => {
    expect(told(load(files))).toEqual(expected);
  });
});

test("another mesh than the one that is meant is told at its name", () => {
  const loaded = load({ "m.yaml": "mesh: acme/staging\n" }, { mesh: "acme/production" as never });
  expect(told(loaded)).toEqual(["mesh_mismatch m.yaml:1:7"]);
  expect(loaded.entries).toBeUndefined();
});

test("a document that names no mesh is of the one that is meant", () => {
  expect(load({ "m.yaml": "flags: {}\n" }, { mesh: "acme/production" as never }).mesh).toBe("acme/production");
});

const padded = (bytes: number): string => `mesh: a/b\n#${"x".repeat(bytes - 12)}\n`;
const nested = (depth: number): string =>
  `flags: { a: { variants: { v: ${"{ a: ".repeat(depth - 5)}{}${" }".repeat(depth - 5)} } } }\n`;
const aliases = (count: number): string =>
  `metadata: { a: &a 1, ${Array.from({ length: count }, (_, i) => `b${i}: *a`).join(", ")} }\n`;
const aliased = (nodes: number): string => {
  // One list of 100 values, 101 nodes, repeated, and a remainder.
  const repeats = Math.floor(nodes / 101);
  const rest = nodes - repeats * 101;
  const hundred = Array.from({ length: 100 }, () => "1").join(", ");
  const remainder = Array.from({ length: Math.max(0, rest - 1) }, () => "1").join(", ");
  const members = Array.from({ length: repeats }, (_, i) => `r${i}: *h`);
  return `flags:\n  a: { variants: { v: { h: &h [${hundred}], k: &k [${remainder}], ${members.join(", ")}, z: *k } } }\n`;
};

describe("limits", () => {
  test.each<[string, (size: number) => Files, number, string]>([
    ["documentBytesMax", (size) => ({ "m.yaml": padded(size) }), limits.documentBytesMax, "document_too_large"],
    [
      "documentBytesMax of two files",
      (size) => ({ "m.yaml": padded(size - 10), "b.yaml": "flags: {}\n" }),
      limits.documentBytesMax,
      "document_too_large",
    ],
    [
      "filesPerDocumentMax",
      (size) => Object.fromEntries(Array.from({ length: size }, (_, i) => [`f${i}.yaml`, "flags: {}\n"])),
      limits.filesPerDocumentMax,
      "too_many_files",
    ],
    ["fileNameCharsMax", (size) => ({ ["x".repeat(size)]: "mesh: a/b\n" }), limits.fileNameCharsMax, "bad_file_name"],
    ["yamlDepthMax", (size) => ({ "m.yaml": nested(size) }), limits.yamlDepthMax, "too_deep"],
    ["yamlAliasesMax", (size) => ({ "m.yaml": aliases(size) }), limits.yamlAliasesMax, "alias_limit"],
    ["yamlAliasedNodesMax", (size) => ({ "m.yaml": aliased(size) }), limits.yamlAliasedNodesMax, "alias_limit"],
  ])("of %s: a document at it is fine, one over it is not", (_, files, limit, code) => {
    expect(told(load(files(limit)))).toEqual([]);
    expect(load(files(limit + 1)).diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });

  test("of tokens: a file of very many small ones is refused before it is understood", () => {
    const text = "#\n".repeat(limits.yamlTokensMax / 2 + 1);
    expect(load({ "m.yaml": text }).diagnostics.map(({ code }) => code)).toEqual(["too_many_tokens"]);
  });

  test("of tokens: they are counted over all files, and reading stops where there are too many", () => {
    const half = `flags: {}\n${"#\n".repeat(limits.yamlTokensMax / 4)}`;
    const loaded = load({ "a.yaml": half, "b.yaml": half, "c.yaml": "[" });
    expect(loaded.diagnostics.map(({ code, file }) => `${code} ${file}`)).toEqual(["too_many_tokens b.yaml"]);
  });

  test("of findings: the errors come first, and how many are left out is told", () => {
    const members = Array.from({ length: limits.findingsMax + 5 }, (_, i) => `  f${i}: { variants: {} , x: 1}\n`);
    const { diagnostics } = load({ "m.yaml": `flags:\n${members.join("")}` });
    expect(diagnostics.length).toBe(limits.findingsMax + 1);
    expect(diagnostics.at(-1)).toMatchObject({
      code: "too_many_findings",
      message: "1010 more findings are not shown",
    });
    expect(diagnostics.slice(0, -1).every(({ severity }) => severity === "error")).toBe(true);
  });
});

test.each([
  ["brackets", "[".repeat(100_000)],
  ["closed brackets", "[".repeat(5_000) + "]".repeat(5_000)],
  ["dashes", "- ".repeat(50_000)],
  ["braces", "{a: ".repeat(20_000)],
  ["indents", Array.from({ length: 1_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
])("a tower of %s doesn't exhaust the stack", (_, text) => {
  const [first] = load({ "m.yaml": text }).diagnostics;
  expect(first?.code).toBe("too_deep");
});

test("a bomb of aliases is refused at once", () => {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `  l${i + 1}: &l${i + 1} [${Array.from({ length: 9 }, () => `*l${i}`).join(", ")}]`,
  );
  const bomb = `flags:\n  a: { variants: { x: 1 } }\nmetadata:\n  l0: &l0 [lol]\n${levels.join("\n")}\n`;
  const { diagnostics, entries } = load({ "m.yaml": bomb });
  expect(entries).toBeUndefined();
  expect(diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(["alias_limit 8:37"]);
});

test("ten thousand flags load in seconds", () => {
  const flags = Array.from(
    { length: 9_999 },
    (_, i) =>
      `  flag-${i}:\n    variants: { "on": true, "off": false }\n    defaultVariant: "off"\n    rollout: { "on": 12.5 }\n`,
  );
  const started = performance.now();
  expect(load({ "m.yaml": `flags:\n${flags.join("")}` }).entries?.size).toBe(10_000);
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("an excerpt shows the line with carets under the place, and of a long line a part", () => {
  const [first] = load({ "m.yaml": "mesh: a/b\nmetadata: { a: null }\n" }).diagnostics;
  expect(first).toMatchObject({
    line: 2,
    column: 16,
    endLine: 2,
    endColumn: 20,
    excerpt: ["metadata: { a: null }", "               ^^^^"],
  });
  const long = `{"metadata": {${Array.from({ length: 1_000 }, (_, i) => `"k${i}": 1`).join(", ")}, "z": null}}`;
  const [cut] = load({ "m.json": long }).diagnostics;
  const [line = "", carets = ""] = cut?.excerpt ?? [];
  expect(line.length).toBeLessThanOrEqual(120);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("null");
});
