/**
 * The deployment policy: what a router was deployed to believe. It is bundled with the router and changes by deploying
 * only, so nothing that Redis or the control plane holds can widen it.
 */
import * as v from "valibot";
import { isDeploymentName, isMeshId, originOf, type MeshId } from "../document/mesh-id.ts";
import { hostMatches } from "../routes/specificity.ts";
import { count, digestText, hashText } from "../encoding/shape.ts";
import { err, ok, type Result } from "../result.ts";

/** Without a port: hosts are compared without one, so a pattern that has one would never match. */
const hostPattern = v.pipe(
  v.string(),
  v.regex(/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, "not a lowercase host name without a port"),
);

const meshSchema = v.strictObject({
  /** Digest of the mesh's first policy. */
  policy: digestText,
  /** Hosts the mesh may answer on: exact, or `*.example.com`. No two meshes' may overlap. */
  hosts: v.pipe(v.array(hostPattern), v.minLength(1)),
  /** Hosts its endpoints may have. */
  endpointHosts: v.array(hostPattern),
  /** Names of service and container bindings it may route to. */
  bindings: v.array(v.string()),
  /** No log shorter than this, nor another root at this size, is ever accepted. */
  floor: v.optional(v.strictObject({ size: count, root: hashText })),
  /** Seconds after which a mesh whose freshness wasn't renewed is stale. */
  maxStale: v.optional(v.pipe(count, v.minValue(1)), 600),
  /** What a stale mesh does in an isolate that was fresh once. */
  onStale: v.optional(v.picklist(["serve", "default-variant", "closed"]), "serve"),
  /** What it does in an isolate that never was. */
  coldStale: v.optional(v.picklist(["refuse", "serve"]), "refuse"),
});

const deploymentSchema = v.strictObject({
  deployment: v.custom<string>(isDeploymentName, "not a host-like name"),
  meshes: v.record(
    v.pipe(
      v.string(),
      v.check((id) => isMeshId(id), "not tenant/environment"),
    ),
    meshSchema,
  ),
  /** Local work only: endpoints may be http and on loopback. */
  allowInsecureEndpoints: v.optional(v.boolean(), false),
});

export type DeploymentPolicyText = v.InferInput<typeof deploymentSchema>;

/** What the router is pinned to, for one mesh. */
export type MeshPins = Readonly<v.InferOutput<typeof meshSchema>> & {
  readonly mesh: MeshId;
  readonly origin: string;
  readonly allowInsecureEndpoints: boolean;
};

export interface DeploymentPolicy {
  readonly deployment: string;
  readonly meshes: readonly MeshPins[];
}

/** The policy, or a sentence about the first thing wrong with it. */
export function parseDeploymentPolicy(json: unknown): Result<DeploymentPolicy, string> {
  const parsed = v.safeParse(deploymentSchema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return err(`deployment policy, ${v.getDotPath(issue) ?? "top level"}: ${issue.message}`);
  }
  const { deployment, allowInsecureEndpoints } = parsed.output;
  const meshes = Object.entries(parsed.output.meshes).map(([id, pins]) => {
    const mesh = id as MeshId;
    return { ...pins, mesh, origin: originOf(deployment, mesh), allowInsecureEndpoints };
  });
  const owners = new Map<string, MeshId>();
  for (const { mesh, hosts } of meshes) {
    for (const host of hosts) {
      const clash = [...owners].find(([other, owner]) => owner !== mesh && hostsOverlap(host, other));
      if (clash !== undefined) {
        return err(`deployment policy: host ${host} of ${mesh} overlaps ${clash[0]} of ${clash[1]}`);
      }
      owners.set(host, mesh);
    }
  }
  return ok({ deployment, meshes });
}

/** A narrower pattern counts as a host: `*.a.example.com` is matched by `*.example.com`. */
const hostsOverlap = (a: string, b: string): boolean => hostMatches(a, b) || hostMatches(b, a);
