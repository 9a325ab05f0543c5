import { describe, expect, test } from "vitest";
import { normalise } from "../../../shared/document/normalise.ts";
import { exampleWith, vkey } from "./example-document.ts";

const checkout = "flags>new-checkout";
const v1 = "backends>checkout-v1";
const route = "routes>checkout";

const onOff = { variants: { on: true, off: false }, defaultVariant: "off" };
const needing = (flag: string) => ({ ...onOff, prerequisites: [{ flag, variants: ["on"] }] });

type Change = readonly [path: string, value: unknown];

/** What is changed in a valid document, and every finding that this gives: `code path`. */
const cases: readonly (readonly [title: string, changes: Change | readonly Change[], ...findings: string[]])[] = [
  // Shape
  ["a mesh without tenant", ["mesh", "production"], "bad_mesh mesh"],
  ["a mesh in capitals", ["mesh", "Acme/production"], "bad_mesh mesh"],
  ["an unknown key at the top", ["flagz", {}], "unknown_key flagz"],
  ["an unknown key in settings", ["settings>debug", true], "unknown_key settings>debug"],
  ["an unknown key in a backend", [`${v1}>url`, "x"], `unknown_key ${v1}>url`],
  ["an unknown key in health", [`${v1}>health>pth`, "x"], `unknown_key ${v1}>health>pth`],
  ["an unknown key in a route", [`${route}>host`, "x"], `unknown_key ${route}>host`],
  ["an unknown key in a match", [`${route}>match>hosts`, "x"], `unknown_key ${route}>match>hosts`],
  ["an unknown key named constructor", ["constructor", {}], "unknown_key constructor"],
  ["flags that are text", ["flags", "x"], "wrong_type flags", `unknown_flag ${route}>flag`],
  ["a section that is null", ["routes", null], "wrong_type routes"],
  ["a flag that is null", ["flags>x", null], "wrong_type flags>x"],
  ["a state in small letters", [`${checkout}>state`, "enabled"], `bad_state ${checkout}>state`],
  ["metadata that is nested", [`${checkout}>metadata`, { a: { b: 1 } }], `wrong_type ${checkout}>metadata>a`],
  ["metadata that is null", ["metadata", { a: null }], "wrong_type metadata>a"],
  ["targeting that is text", [`${checkout}>targeting`, "on"], `wrong_type ${checkout}>targeting`],
  ["debugHeaders in quotes", ["settings>debugHeaders", "true"], "wrong_type settings>debugHeaders"],
  // Names
  ["an empty name", ["flags>", onOff], "bad_name flags>"],
  ["a name with a line break", ["backends>a\nb", { service: "A" }], "bad_name backends>a\nb"],
  ["__proto__ as a flag", ["flags>__proto__", onOff], "forbidden_key flags>__proto__"],
  ["__proto__ as a variant", [`${checkout}>variants>__proto__`, true], `forbidden_key ${checkout}>variants>__proto__`],
  ["__proto__ at the top", ["__proto__", {}], "forbidden_key __proto__"],
  ["__proto__ deep inside", [`${checkout}>targeting>__proto__`, {}], `forbidden_key ${checkout}>targeting>__proto__`],
  // Values that aren't I-JSON
  ["an unsafe integer", [`${checkout}>metadata>n`, 2 ** 53], `unsafe_number ${checkout}>metadata>n`],
  ["infinity", [`${checkout}>metadata>n`, Infinity], `unsafe_number ${checkout}>metadata>n`],
  ["half a surrogate pair", [`${checkout}>metadata>s`, "\uDC00"], `half_surrogate ${checkout}>metadata>s`],
  // Variants
  [
    "no variants",
    [
      [`${checkout}>variants`, {}],
      [`${route}>to`, {}],
    ],
    `no_variants ${checkout}>variants`,
  ],
  ["a variant that is null", [`${checkout}>variants>on`, null], `variant_type ${checkout}>variants>on`],
  ["a variant that is a list", [`${checkout}>variants>on`, [1]], `variant_type ${checkout}>variants>on`],
  ["variants of two types", [`${checkout}>variants>off`, "no"], `mixed_variants ${checkout}>variants>off`],
  ["an unknown default", [`${checkout}>defaultVariant`, "none"], `unknown_variant ${checkout}>defaultVariant`],
  // Rollouts
  ["101 %", [`${checkout}>rollout>on`, 101], `percent_range ${checkout}>rollout>on`],
  ["-1 %", [`${checkout}>rollout>on`, -1], `percent_range ${checkout}>rollout>on`],
  ["four decimals", [`${checkout}>rollout>on`, 1.2345], `percent_precision ${checkout}>rollout>on`],
  ["a percentage in quotes", [`${checkout}>rollout>on`, "5"], `wrong_type ${checkout}>rollout>on`],
  ["shares over 100 %", [`${checkout}>rollout`, { on: 50, off: 50.001 }], `rollout_over_100 ${checkout}>rollout`],
  ["shares of exactly 100 %", [`${checkout}>rollout`, { on: 33.333, off: 66.667 }]],
  ["a share of an unknown variant", [`${checkout}>rollout>o`, 1], `unknown_variant ${checkout}>rollout>o`],
  ["steps without variant", [`${checkout}>rollout`, { steps: [1] }], `missing_key ${checkout}>rollout`],
  ["a plan without steps", [`${checkout}>rollout`, { variant: "on" }], `missing_key ${checkout}>rollout`],
  ["no steps", [`${checkout}>rollout`, { variant: "on", steps: [] }], `empty_list ${checkout}>rollout>steps`],
  [
    "a step twice",
    [`${checkout}>rollout`, { variant: "on", steps: [1, 5, 1] }],
    `duplicate_step ${checkout}>rollout>steps>2`,
  ],
  [
    "a step over 100 %",
    [`${checkout}>rollout`, { variant: "on", steps: [100.5] }],
    `percent_range ${checkout}>rollout>steps>0`,
  ],
  [
    "a plan of an unknown variant",
    [`${checkout}>rollout`, { variant: "x", steps: [1] }],
    `unknown_variant ${checkout}>rollout>variant`,
  ],
  [
    "variants that are named variant and steps",
    ["flags>x", { variants: { variant: 1, steps: 2 }, rollout: { variant: 5, steps: 6 } }],
  ],
  // Prerequisites
  ["an unknown prerequisite", ["flags>x", needing("y")], "unknown_flag flags>x>prerequisites>0>flag"],
  [
    "an unknown variant of a prerequisite",
    ["flags>x", { ...onOff, prerequisites: [{ flag: "new-search", variants: ["no"] }] }],
    "unknown_variant flags>x>prerequisites>0>variants>0",
  ],
  [
    "a prerequisite twice",
    [
      "flags>x",
      { ...onOff, prerequisites: [...needing("new-search").prerequisites, ...needing("new-search").prerequisites] },
    ],
    "duplicate_prerequisite flags>x>prerequisites>1>flag",
  ],
  [
    "a prerequisite without variants",
    ["flags>x", { ...onOff, prerequisites: [{ flag: "new-search", variants: [] }] }],
    "empty_list flags>x>prerequisites>0>variants",
  ],
  ["a flag that waits for itself", ["flags>x", needing("x")], "prerequisite_cycle flags>x>prerequisites"],
  [
    "flags that wait for each other",
    [
      ["flags>x", needing("y")],
      ["flags>y", needing("x")],
    ],
    "prerequisite_cycle flags>x>prerequisites",
  ],
  // Segments and targeting
  ["an unknown segment", [`${checkout}>targeting`, { $ref: "stuff" }], `unknown_segment ${checkout}>targeting>$ref`],
  ["a reference that is no name", [`${checkout}>targeting`, { $ref: 3 }], `wrong_type ${checkout}>targeting>$ref`],
  ["a segment in itself", ["$evaluators>a", { "!": [{ $ref: "a" }] }], "segment_cycle $evaluators>a"],
  [
    "an unknown operator",
    [`${checkout}>targeting`, { iff: [true, "on"] }],
    `unknown_operator ${checkout}>targeting>iff`,
  ],
  ["an unknown operator in a segment", ["$evaluators>a", { iff: [] }], "unknown_operator $evaluators>a>iff"],
  [
    "targeting that names an unknown variant",
    [`${checkout}>targeting`, { if: [{ $ref: "staff" }, "maybe"] }],
    `targeting_variant ${checkout}>targeting>if>1`,
  ],
  // Backends
  ["a backend that is nowhere", ["backends>x", { health: { path: "/" } }], "backend_kind backends>x"],
  ["a backend in two places", ["backends>x", { service: "A", container: "B" }], "backend_kind backends>x"],
  ["no endpoints", [`${v1}>endpoints`, []], `empty_list ${v1}>endpoints`],
  ["an endpoint without URL", [`${v1}>endpoints`, [{ weight: 1 }]], `missing_key ${v1}>endpoints>0`],
  ["weight 0", [`${v1}>endpoints`, [{ url: "https://a", weight: 0 }]], `bad_number ${v1}>endpoints>0>weight`],
  ["weight 1.5", [`${v1}>endpoints`, [{ url: "https://a", weight: 1.5 }]], `bad_number ${v1}>endpoints>0>weight`],
  ["plain http", [`${v1}>endpoints`, [{ url: "http://a" }]], `url_not_https ${v1}>endpoints>0>url`],
  ["a private address", [`${v1}>endpoints`, [{ url: "https://10.1.2.3" }]], `url_not_public ${v1}>endpoints>0>url`],
  ["a password in a URL", [`${v1}>endpoints`, [{ url: "https://u:p@a" }]], `url_has_credentials ${v1}>endpoints>0>url`],
  ["a path in a URL", [`${v1}>endpoints`, [{ url: "https://a/b" }]], `url_has_path ${v1}>endpoints>0>url`],
  ["no URL", [`${v1}>endpoints`, [{ url: "a" }]], `bad_url ${v1}>endpoints>0>url`],
  [
    "the router itself",
    [`${v1}>endpoints`, [{ url: "https://shop.example.com:8443" }]],
    `url_is_router ${v1}>endpoints>0>url`,
  ],
  [
    "perhaps the router itself",
    [
      [`${v1}>endpoints`, [{ url: "https://api.example.com" }]],
      ["routes>rest>match>host", "*.example.com"],
    ],
    `url_may_be_router ${v1}>endpoints>0>url`,
  ],
  [
    "an endpoint twice",
    [`${v1}>endpoints`, [{ url: "https://a" }, { url: "https://A:443" }]],
    `duplicate_endpoint ${v1}>endpoints>1>url`,
  ],
  ["a binding with a hyphen", ["backends>search-v2>service", "search-v2"], "bad_binding backends>search-v2>service"],
  ["an unknown fallback", [`${v1}>fallback`, "v0"], `unknown_backend ${v1}>fallback`],
  ["fallbacks in a circle", [`${v1}>fallback`, "checkout-v2"], `fallback_cycle ${v1}>fallback`],
  ["health without path", [`${v1}>health`, {}], `missing_key ${v1}>health`],
  ["a health path without slash", [`${v1}>health>path`, "healthz"], `bad_path ${v1}>health>path`],
  ["an interval without unit", [`${v1}>health>interval`, "10"], `bad_duration ${v1}>health>interval`],
  ["an interval that is a number", [`${v1}>health>interval`, 10], `wrong_type ${v1}>health>interval`],
  ["an interval that is too short", [`${v1}>health>interval`, "999ms"], `bad_duration ${v1}>health>interval`],
  ["a timeout beyond the interval", [`${v1}>health>timeout`, "11s"], `health_timeout ${v1}>health>timeout`],
  ["an interval below the usual timeout", [`${v1}>health>interval`, "1s"], `health_timeout ${v1}>health>interval`],
  ["no failure before unhealthy", [`${v1}>health>unhealthy`, 0], `bad_number ${v1}>health>unhealthy`],
  ["an image without digest", [`${v1}>attest`, { image: "v2", key: vkey }], `bad_digest ${v1}>attest>image`],
  [
    "a container's key that is cut",
    [`${v1}>attest`, { image: `sha256:${"a".repeat(64)}`, key: vkey.slice(0, -4) }],
    `bad_vkey ${v1}>attest>key`,
  ],
  ["nobody at once", [`${v1}>maxConcurrent`, 0], `bad_number ${v1}>maxConcurrent`],
  // Routes
  ["a route without match", ["routes>x", { backend: "checkout-v1" }], "missing_key routes>x"],
  ["a route to nowhere", ["routes>x", { match: { host: "x.example" } }], "route_kind routes>x"],
  ["a route to flag and backend", [`${route}>backend`, "checkout-v1"], `route_kind ${route}`],
  ["a route to an unknown backend", ["routes>rest>backend", "x"], "unknown_backend routes>rest>backend"],
  ["a route by an unknown flag", [`${route}>flag`, "old-checkout"], `unknown_flag ${route}>flag`],
  ["a variant to an unknown backend", [`${route}>to>on`, "x"], `unknown_backend ${route}>to>on`],
  ["a variant without backend", [`${route}>to>off`, undefined], `variant_not_routed ${route}>to`],
  ["a backend for an unknown variant", [`${route}>to>maybe`, "checkout-v1"], `unknown_variant ${route}>to>maybe`],
  [
    "a route by a flag without default",
    [
      [`${checkout}>defaultVariant`, null],
      [`${checkout}>rollout`, undefined],
    ],
    `route_needs_default ${route}>flag`,
  ],
  ["a host with port", [`${route}>match>host`, "a.example:80"], `bad_host ${route}>match>host`],
  ["a host that is *", [`${route}>match>host`, "*"], `bad_host ${route}>match>host`],
  ["a wildcard inside a host", [`${route}>match>host`, "a.*.example"], `bad_host ${route}>match>host`],
  [
    "a host in letters that DNS doesn't have",
    [`${route}>match>host`, "bücher.example"],
    `bad_host ${route}>match>host`,
  ],
  ["a host that is a URL", [`${route}>match>host`, "https://a.example"], `bad_host ${route}>match>host`],
  ["a path without slash", [`${route}>match>path`, "checkout"], `bad_path ${route}>match>path`],
  ["a wildcard inside a path", [`${route}>match>path`, "/a/*/b"], `bad_path ${route}>match>path`],
  ["a wildcard that ends a segment", [`${route}>match>path`, "/a*"], `bad_path ${route}>match>path`],
  ["a path of 1 025 characters", [`${route}>match>path`, `/${"x".repeat(1024)}`], `bad_path ${route}>match>path`],
  ["a path of 1 024 characters", [`${route}>match>path`, `/${"x".repeat(1023)}`]],
  ["a path with query", [`${route}>match>path`, "/a?b"], `bad_path ${route}>match>path`],
  ["a path with ..", [`${route}>match>path`, "/a/../b"], `bad_path ${route}>match>path`],
  ["a path that isn't encoded", [`${route}>match>path`, "/ä"], `bad_path ${route}>match>path`],
  ["no methods", [`${route}>match>methods`, []], `empty_list ${route}>match>methods`],
  ["a method that is none", [`${route}>match>methods`, ["GET IT"]], `bad_method ${route}>match>methods>0`],
  ["a method twice", [`${route}>match>methods`, ["GET", "get"]], `duplicate_method ${route}>match>methods>1`],
  [
    "routes that match the same",
    ["routes>again", { match: { host: "shop.example.com", path: "/*" }, backend: "checkout-v1" }],
    "routes_overlap routes>again>match",
  ],
  [
    "a route that is more specific",
    ["routes>x", { match: { host: "shop.example.com", methods: ["GET"] }, backend: "checkout-v1" }],
  ],
  // Settings
  ["no identity", ["settings>identity", []], "empty_list settings>identity"],
  ["two sources in one", ["settings>identity", [{ header: "a", cookie: "b" }]], "identity_kind settings>identity>0"],
  ["no source", ["settings>identity", [{}]], "identity_kind settings>identity>0"],
  ["ip: false", ["settings>identity", [{ ip: false }]], "wrong_type settings>identity>0>ip"],
  ["a header with a space", ["settings>identity", [{ header: "a b" }]], "bad_identity_name settings>identity>0>header"],
  [
    "a header that the router replaces",
    ["settings>identity", [{ header: "X-Forwarded-For" }]],
    "bad_identity_name settings>identity>0>header",
  ],
  ["a cookie with =", ["settings>identity", [{ cookie: "a=b" }]], "bad_identity_name settings>identity>0>cookie"],
];

describe("in an otherwise valid document", () => {
  test.each(cases)("%s", (_, change, ...expected) => {
    const changes = (typeof change[0] === "string" ? [change] : change) as readonly Change[];
    const { findings, entries } = normalise(exampleWith(...changes));
    expect(findings.map(({ code, path }) => `${code} ${path.join(">")}`)).toEqual(expected);
    expect(entries === undefined).toBe(findings.some(({ severity }) => severity === "error"));
  });
});

test.each([null, undefined, 3, "flags", true, [], [{}], () => {}, Symbol("x"), 1n])(
  "a document that is %s has one finding",
  (document) => {
    expect(normalise(document).findings.map(({ code, path }) => [code, path])).toEqual([["wrong_type", []]]);
  },
);
