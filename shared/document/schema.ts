/**
 * The shape of a document, declared: which keys there are, of which type, within which bounds. What the shape can't say
 * (references, cycles, sums) is in the files that normalise each kind of entry.
 *
 * A rule's message begins with its finding's code: `bad_state: …`. Which keys are unknown is found by `unknownKeys`.
 */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { isMeshId } from "./mesh-id.ts";
import { isName } from "./names.ts";

type Mapping = { readonly [name: string]: unknown };

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A mapping whose keys people choose. Not `v.record`: it leaves out keys such as `constructor`, which are fine names.
 * The schema of the members stands in the metadata, for whoever walks the declaration.
 */
export const mapOf = <const S extends v.GenericSchema>(member: S) =>
  v.pipe(
    v.custom<{ readonly [name: string]: v.InferOutput<S> }>(isMapping, "wrong_type: expected a mapping"),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      for (const [key, value] of Object.entries(input)) {
        const at: v.ObjectPathItem = { type: "object", origin: "value", input, key, value };
        if (!isName(key)) addIssue({ message: badName, path: [at] });
        for (const issue of v.safeParse(member, value).issues ?? []) {
          const { expected, message, path = [] } = issue;
          addIssue({ expected: expected ?? "", message, path: [at, ...path] });
        }
      }
    }),
    v.metadata({ members: member }),
  );

const badName = `bad_name: a name has 1 to ${limits.keyCharsMax} characters, none of them a control character`;

const text = v.string();

const bounded = (min: number, max: number) => {
  const message = `bad_number: expected a whole number from ${min} to ${max}`;
  return v.pipe(v.number(), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};

const listOf = <const S extends v.GenericSchema>(item: S, max: number, message: string) =>
  v.pipe(v.array(item), v.minLength(1, "empty_list: expected at least one item"), v.maxLength(max, message));

/** Metadata is free, one level deep, as flagd has it. */
const metadata = mapOf(
  v.union([v.string(), v.number(), v.boolean()], "wrong_type: expected text, a number, true or false"),
);

/** flagd's JsonLogic. What it may say is checked with the flag that uses it. */
const rule = v.custom<Mapping>(isMapping, "wrong_type: expected a rule, a mapping such as { if: [ … ] }");

const sharesShape = mapOf(v.number());
const planShape = v.object({
  variant: text,
  steps: listOf(v.number(), limits.stepsPerRolloutMax, `too_many_steps: at most ${limits.stepsPerRolloutMax}`),
});
const isPlan = (rollout: unknown): boolean =>
  isMapping(rollout) && (typeof rollout["variant"] === "string" || Array.isArray(rollout["steps"]));

const variantValue = v.union(
  [v.boolean(), v.string(), v.number(), v.custom<Mapping>(isMapping)],
  "variant_type: a variant's value is true or false, text, a number or a mapping",
);

export const flagShape = v.object({
  state: v.exactOptional(v.picklist(["ENABLED", "DISABLED"], "bad_state: expected ENABLED or DISABLED")),
  variants: v.pipe(
    mapOf(variantValue),
    v.minEntries(1, "no_variants: a flag has at least one variant"),
    v.maxEntries(limits.variantsPerFlagMax, `too_many_variants: at most ${limits.variantsPerFlagMax}`),
  ),
  defaultVariant: v.exactOptional(v.nullable(text)),
  targeting: v.exactOptional(rule),
  rollout: v.exactOptional(v.lazy((rollout) => (isPlan(rollout) ? planShape : sharesShape))),
  prerequisites: v.exactOptional(
    v.pipe(
      v.array(
        v.object({
          flag: text,
          variants: listOf(text, limits.variantsPerFlagMax, `too_many_variants: at most ${limits.variantsPerFlagMax}`),
        }),
      ),
      v.maxLength(
        limits.prerequisitesPerFlagMax,
        `too_many_prerequisites: at most ${limits.prerequisitesPerFlagMax} a flag`,
      ),
    ),
  ),
  metadata: v.exactOptional(metadata),
});

export const backendShape = v.object({
  endpoints: v.exactOptional(
    listOf(
      v.object({ url: text, weight: v.exactOptional(bounded(1, limits.endpointWeightMax)) }),
      limits.endpointsPerBackendMax,
      `too_many_endpoints: at most ${limits.endpointsPerBackendMax} a backend`,
    ),
  ),
  service: v.exactOptional(text),
  container: v.exactOptional(text),
  health: v.exactOptional(
    v.object({
      path: text,
      interval: v.exactOptional(text),
      timeout: v.exactOptional(text),
      unhealthy: v.exactOptional(bounded(1, limits.healthCountMax)),
      healthy: v.exactOptional(bounded(1, limits.healthCountMax)),
    }),
  ),
  attest: v.exactOptional(v.object({ image: text, key: text })),
  maxConcurrent: v.exactOptional(bounded(1, limits.concurrentPerBackendMax)),
  fallback: v.exactOptional(text),
});

export const routeShape = v.object({
  match: v.object({
    host: text,
    path: v.exactOptional(text),
    methods: v.exactOptional(
      listOf(text, limits.methodsPerRouteMax, `too_many_methods: at most ${limits.methodsPerRouteMax}`),
    ),
  }),
  flag: v.exactOptional(text),
  to: v.exactOptional(mapOf(text)),
  backend: v.exactOptional(text),
});

export const settingsShape = v.object({
  identity: v.exactOptional(
    listOf(
      v.object({
        header: v.exactOptional(text),
        cookie: v.exactOptional(text),
        query: v.exactOptional(text),
        ip: v.exactOptional(v.literal(true, "wrong_type: expected true")),
      }),
      limits.identitySourcesMax,
      `too_many_sources: at most ${limits.identitySourcesMax}`,
    ),
  ),
  debugHeaders: v.exactOptional(v.boolean()),
});

export const documentShape = v.object({
  /** For editors; it changes nothing. */
  $schema: v.exactOptional(v.unknown()),
  mesh: v.exactOptional(
    v.custom<string>(isMeshId, "bad_mesh: expected tenant/environment, each of a-z, 0-9 and inner hyphens"),
  ),
  settings: v.exactOptional(settingsShape),
  metadata: v.exactOptional(metadata),
  $evaluators: v.exactOptional(mapOf(rule)),
  flags: v.exactOptional(mapOf(flagShape)),
  backends: v.exactOptional(mapOf(backendShape)),
  routes: v.exactOptional(
    v.pipe(
      mapOf(routeShape),
      v.maxEntries(limits.routesPerMeshMax, `too_many_routes: at most ${limits.routesPerMeshMax} a mesh`),
    ),
  ),
});

export type FlagShape = v.InferOutput<typeof flagShape>;
export type BackendShape = v.InferOutput<typeof backendShape>;
export type RouteShape = v.InferOutput<typeof routeShape>;
export type SettingsShape = v.InferOutput<typeof settingsShape>;
export type DocumentShape = v.InferOutput<typeof documentShape>;
