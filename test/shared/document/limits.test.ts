import { describe, expect, test } from "vitest";
import { normalise } from "../../../shared/document/normalise.ts";
import { limits } from "../../../shared/limits.ts";

const named = <T>(count: number, member: (i: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, member(i)]));
const list = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));

const flag = { variants: { on: true, off: false }, defaultVariant: "off" };
const backend = { service: "A" };
const needing = (names: readonly string[]) => ({
  ...flag,
  prerequisites: names.map((name) => ({ flag: name, variants: ["on"] })),
});
const nested = (depth: number, innermost: unknown = true): unknown =>
  depth === 0 ? innermost : { "!": nested(depth - 1, innermost) };
const routed = (match: object) => ({
  backends: { b: backend },
  routes: { r: { match: { host: "a", ...match }, backend: "b" } },
});
const healthy = (health: object) => ({ backends: { b: { ...backend, health: { path: "/", ...health } } } });

/** Each limit with a document of a given size, and the finding that one more gives. */
const cases: readonly (readonly [name: string, limit: number, document: (size: number) => unknown, code: string])[] = [
  [
    "entriesPerMeshMax",
    limits.entriesPerMeshMax,
    // Settings are an entry too.
    (size) => ({ flags: named(size - 1, () => flag) }),
    "too_many_entries",
  ],
  [
    "variantsPerFlagMax",
    limits.variantsPerFlagMax,
    (size) => ({ flags: { f: { variants: named(size, () => true) } } }),
    "too_many_variants",
  ],
  [
    "stepsPerRolloutMax",
    limits.stepsPerRolloutMax,
    (size) => ({ flags: { f: { ...flag, rollout: { variant: "on", steps: list(size, (i) => i / 10) } } } }),
    "too_many_steps",
  ],
  [
    "prerequisitesPerFlagMax",
    limits.prerequisitesPerFlagMax,
    (size) => ({ flags: { ...named(40, () => flag), f: needing(list(size, (i) => `n${i}`)) } }),
    "too_many_prerequisites",
  ],
  [
    "prerequisiteDepthMax",
    limits.prerequisiteDepthMax,
    (size) => ({ flags: { n0: flag, ...named(size + 1, (i) => (i === 0 ? flag : needing([`n${i - 1}`]))) } }),
    "prerequisites_too_deep",
  ],
  [
    "prerequisiteEvaluationsMax",
    limits.prerequisiteEvaluationsMax,
    (size) => ({
      // f needs 10 flags that need 30 each, and enough single ones to make up the number.
      flags: {
        ...named(size, () => flag),
        ...Object.fromEntries(list(31, (i) => [`m${i}`, needing(list(31, (j) => `n${j}`))])),
        f: needing([...list(31, (i) => `m${i}`), "rest"]),
        rest: needing(list(size - 31 * 32 - 1, (i) => `n${i}`)),
      },
    }),
    "prerequisites_too_many",
  ],
  [
    "targetingDepthMax",
    limits.targetingDepthMax,
    (size) => ({ flags: { f: { ...flag, targeting: nested(size) } } }),
    "targeting_too_deep",
  ],
  [
    "targetingDepthMax, through a segment",
    limits.targetingDepthMax,
    (size) => ({
      $evaluators: { s: nested(40) },
      flags: { f: { ...flag, targeting: nested(size - 40, { $ref: "s" }) } },
    }),
    "targeting_too_deep",
  ],
  [
    "targetingNodesMax",
    limits.targetingNodesMax,
    // The mapping, the list of arguments, the attribute's mapping and name, the list.
    (size) => ({ $evaluators: { s: { in: [{ var: "id" }, list(size - 5, (i) => `u${i}`)] } } }),
    "targeting_too_large",
  ],
  [
    "targetingNodesMax, through segments that double",
    2,
    (size) => ({
      $evaluators: {
        n0: { in: [{ var: "id" }, list(120, (i) => `u${i}`)] },
        ...Object.fromEntries(list(size, (i) => [`n${i + 1}`, { and: [{ $ref: `n${i}` }, { $ref: `n${i}` }] }])),
      },
    }),
    "targeting_too_large",
  ],
  [
    "endpointsPerBackendMax",
    limits.endpointsPerBackendMax,
    (size) => ({ backends: { b: { endpoints: list(size, (i) => ({ url: `https://n${i}.example` })) } } }),
    "too_many_endpoints",
  ],
  [
    "endpointWeightMax",
    limits.endpointWeightMax,
    (weight) => ({ backends: { b: { endpoints: [{ url: "https://a.example", weight }] } } }),
    "bad_number",
  ],
  [
    "concurrentPerBackendMax",
    limits.concurrentPerBackendMax,
    (maxConcurrent) => ({ backends: { b: { ...backend, maxConcurrent } } }),
    "bad_number",
  ],
  ["healthCountMax", limits.healthCountMax, (unhealthy) => healthy({ unhealthy }), "bad_number"],
  ["healthIntervalMsMax", limits.healthIntervalMsMax, (ms) => healthy({ interval: `${ms}ms` }), "bad_duration"],
  [
    "routesPerMeshMax",
    limits.routesPerMeshMax,
    (size) => ({ backends: { b: backend }, routes: named(size, (i) => ({ match: { host: `n${i}` }, backend: "b" })) }),
    "too_many_routes",
  ],
  [
    "methodsPerRouteMax",
    limits.methodsPerRouteMax,
    (size) => routed({ methods: list(size, (i) => `M${String.fromCharCode(65 + i)}`) }),
    "too_many_methods",
  ],
  [
    "identitySourcesMax",
    limits.identitySourcesMax,
    (size) => ({ settings: { identity: list(size, (i) => ({ header: `x-${i}` })) } }),
    "too_many_sources",
  ],
  ["keyCharsMax", limits.keyCharsMax, (size) => ({ flags: { ["x".repeat(size)]: flag } }), "bad_name"],
];

describe.each(cases)("%s", (_, limit, document, code) => {
  test("a document at it is fine", () => {
    expect(normalise(document(limit)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test(`a document over it has the finding ${code}`, () => {
    const { findings, entries } = normalise(document(limit + 1));
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(entries).toBeUndefined();
  });
});

test.each([
  ["healthIntervalMsMin", healthy({ interval: `${limits.healthIntervalMsMin}ms`, timeout: "1s" }), undefined],
  [
    "healthIntervalMsMin",
    healthy({ interval: `${limits.healthIntervalMsMin - 1}ms`, timeout: "10ms" }),
    "bad_duration",
  ],
  ["healthTimeoutMsMin", healthy({ timeout: `${limits.healthTimeoutMsMin}ms` }), undefined],
  ["healthTimeoutMsMin", healthy({ timeout: `${limits.healthTimeoutMsMin - 1}ms` }), "bad_duration"],
])("from %s down, %j gives %s", (_, document, code) => {
  expect(normalise(document).findings.map((finding) => finding.code)).toEqual(code === undefined ? [] : [code]);
});

test("a chain of a thousand doubling segments is refused, and at once", () => {
  const segments = named(1_000, (i) =>
    i === 0 ? { var: "x" } : { and: [{ $ref: `n${i - 1}` }, { $ref: `n${i - 1}` }] },
  );
  expect(normalise({ $evaluators: segments }).findings.map(({ code }) => code)).toContain("targeting_too_large");
});
