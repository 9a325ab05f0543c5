import { describe, expect, test } from "vitest";
import { normalise } from "../../../shared/document/normalise.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import codeDefault from "../../vectors/flagd/code-default.json" with { type: "json" };
import fourTypes from "../../vectors/flagd/four-types.json" with { type: "json" };
import metadata from "../../vectors/flagd/metadata.json" with { type: "json" };
import oddNames from "../../vectors/flagd/odd-names.json" with { type: "json" };
import segments from "../../vectors/flagd/segments.json" with { type: "json" };
import shorthand from "../../vectors/flagd/shorthand.json" with { type: "json" };
import { exampleDocument, exampleWith, vkey } from "./example-document.ts";

test("every key of the format has its normal form in the entries", () => {
  const { mesh, entries, findings } = normalise(exampleDocument);
  expect(findings).toEqual([]);
  expect(mesh).toBe("acme/production");
  expect(Object.fromEntries(entries ?? [])).toEqual({
    settings: {
      identity: [{ header: "x-user-id" }, { cookie: "flagmesh_id" }, { query: "u" }, { ip: true }],
      debugHeaders: true,
      metadata: { team: "shop", version: 2 },
    },
    "segment:staff": { ends_with: [{ var: "email" }, "@acme.com"] },
    "flag:new-checkout": {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: { if: [{ $ref: "staff" }, "on", null] },
      rollout: [["on", 12_500]],
      metadata: { owner: "team-checkout", expires: "2027-01-31" },
    },
    "flag:new-search": {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      rollout: { variant: "on", steps: [1_000, 5_000, 25_000, 50_000, 100_000] },
      prerequisites: [{ flag: "new-checkout", variants: ["on"] }],
    },
    "backend:checkout-v1": {
      endpoints: [{ url: "https://checkout-v1.internal", weight: 1 }],
      health: { path: "/healthz", intervalMs: 10_000, timeoutMs: 2_000, unhealthy: 3, healthy: 2 },
    },
    "backend:checkout-v2": {
      endpoints: [
        { url: "https://a.internal", weight: 2 },
        { url: "https://b.internal", weight: 1 },
      ],
      health: { path: "/healthz", intervalMs: 60_000, timeoutMs: 500, unhealthy: 3, healthy: 2 },
      attest: { image: `sha256:${"0".repeat(64)}`, key: vkey },
      maxConcurrent: 200,
      fallback: "checkout-v1",
    },
    "backend:search-v2": { service: "SEARCH_V2" },
    "backend:search-v3": { container: "SEARCH_V3" },
    "route:checkout": {
      match: { host: "shop.example.com", path: "/checkout/*", methods: ["GET", "POST"] },
      flag: "new-checkout",
      to: { on: "checkout-v2", off: "checkout-v1" },
    },
    "route:rest": { match: { host: "shop.example.com" }, backend: "checkout-v1" },
  });
});

test("every entry is canonical JSON", () => {
  const entries = [...(normalise(exampleDocument).entries?.values() ?? [])] as unknown as Json[];
  expect(entries.map((entry) => JSON.parse(canonicalJson(entry)) as Json)).toEqual(entries);
});

test("an empty document has settings, and identity comes from x-user-id or a minted cookie", () => {
  const { entries, findings, mesh } = normalise({});
  expect(findings).toEqual([]);
  expect(mesh).toBeUndefined();
  expect([...(entries ?? [])]).toEqual([
    ["settings", { identity: [{ header: "x-user-id" }, { cookie: "flagmesh_id" }] }],
  ]);
});

describe("a flagd file is a document", () => {
  test.each([
    ["of four types", fourTypes, []],
    ["with segments", segments, []],
    ["with shorthands", shorthand, []],
    ["with defaults in code", codeDefault, []],
    ["with metadata", metadata, ["unknown_flag_key flags>color>comment"]],
    ["with odd names", oddNames, []],
  ])("%s", (_, document, warnings) => {
    const { entries, findings } = normalise(document);
    expect(findings.map(({ code, path }) => `${code} ${path.join(">")}`)).toEqual(warnings);
    expect(findings.every(({ severity }) => severity === "warning")).toBe(true);
    const flags = [...(entries?.keys() ?? [])].filter((key) => key.startsWith("flag:"));
    expect(flags).toEqual(Object.keys(document.flags).map((name) => `flag:${name}`));
  });

  test("whose default variant is null or absent has none in its entry", () => {
    const { entries } = normalise(codeDefault);
    expect(entries?.get("flag:null-default")).toEqual({ state: "ENABLED", variants: { on: true, off: false } });
    expect(entries?.get("flag:no-default")).toEqual({ state: "ENABLED", variants: { on: true, off: false } });
  });

  test("whose targeting is empty has none in its entry", () => {
    expect(normalise(shorthand).entries?.get("flag:empty-rule")).not.toHaveProperty("targeting");
  });

  test("whose top has metadata has it in the settings", () => {
    expect(normalise(metadata).entries?.get("settings")).toMatchObject({
      metadata: { flagSetId: "shop/dev", version: "1.0.0", strict: false, weight: 1.25 },
    });
  });

  test("whose flags are named like members of every object keeps them apart", () => {
    const { entries } = normalise(oddNames);
    expect(entries?.get("flag:constructor")).toEqual({
      state: "ENABLED",
      variants: { toString: 1, valueOf: 2 },
      defaultVariant: "valueOf",
    });
  });
});

test("shares keep the order of the document", () => {
  const flag = { variants: { a: 1, b: 2, c: 3 }, defaultVariant: "a", rollout: { c: 10, a: 20.001, b: 0 } };
  expect(normalise({ flags: { x: flag } }).entries?.get("flag:x")).toMatchObject({
    rollout: [
      ["c", 10_000],
      ["a", 20_001],
      ["b", 0],
    ],
  });
});

test("endpoints on this machine are allowed where that is asked for", () => {
  const document = exampleWith(
    ["backends>checkout-v1>endpoints", [{ url: "http://127.0.0.1:8791" }]],
    ["routes>rest>match>host", "127.0.0.1"],
  );
  expect(normalise(document).entries).toBeUndefined();
  expect(normalise(document, { allowInsecureEndpoints: true }).findings).toEqual([]);
});

test("findings of several entries, and of several parts of one, are told together", () => {
  const document = exampleWith(
    ["flags>new-checkout>state", "on"],
    ["flags>new-checkout>rollout", { on: 101, of: 1 }],
    ["flags>new-search>prerequisites", [{ flag: "nope", variants: ["on"] }]],
    ["backends>checkout-v2>endpoints", [{ url: "http://a", wait: 1 }]],
    ["backends>checkout-v2>fallback", "checkout-v3"],
    ["routes>rest>match>path", "rest"],
    ["sttings", {}],
  );
  const { findings, entries } = normalise(document);
  expect(entries).toBeUndefined();
  expect(findings.map(({ code, path }) => `${code} ${path.join(">")}`).sort()).toEqual([
    "bad_path routes>rest>match>path",
    "bad_state flags>new-checkout>state",
    "percent_range flags>new-checkout>rollout>on",
    "unknown_backend backends>checkout-v2>fallback",
    "unknown_flag flags>new-search>prerequisites>0>flag",
    "unknown_key backends>checkout-v2>endpoints>0>wait",
    "unknown_key sttings",
    "unknown_variant flags>new-checkout>rollout>of",
    "url_not_https backends>checkout-v2>endpoints>0>url",
  ]);
});

test("a fault in one entry is told once, not again wherever the entry is referred to", () => {
  const { findings } = normalise(
    exampleWith(["flags>new-checkout>variants", undefined], ["backends>checkout-v1>endpoints", 3]),
  );
  expect(findings.map(({ code, path }) => `${code} ${path.join(">")}`)).toEqual([
    "missing_key flags>new-checkout",
    "wrong_type backends>checkout-v1>endpoints",
  ]);
});

test.each([
  [null, "nothing (null)"],
  [[], "an empty list"],
  [[1], "a list"],
  [{}, "an empty mapping"],
  [{ a: 1 }, "a mapping"],
  [5, "5"],
  [true, "true"],
])("a state that is %j is described as %s", (state, described) => {
  const { findings } = normalise(exampleWith(["flags>new-checkout>state", state]));
  expect(findings.map(({ message }) => message)).toEqual([`expected ENABLED or DISABLED; found ${described}`]);
});

test.each([
  ["x".repeat(60), `"${"x".repeat(60)}"`],
  ["x".repeat(61), "a text of 61 characters"],
])("a state of %s is told as %s", (state, described) => {
  const { findings } = normalise(exampleWith(["flags>new-checkout>state", state]));
  expect(findings[0]?.message).toContain(described);
});

test.each([
  [["rolout", {}], "did you mean rollout?"],
  [["defaultVariant", true], 'write it in quotes: "true"'],
  [["defaultVariant", "of"], "did you mean off?"],
])("a flag with %j is answered by the hint %s", ([key, value], hint) => {
  const { findings } = normalise(exampleWith([`flags>new-checkout>${key as string}`, value]));
  expect(findings.map((finding) => finding.hint)).toContain(hint);
});
