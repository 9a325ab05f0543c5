/** The vectors' deployment: one mesh that two of three must approve, one that trusts its control plane. */
import { originOf, type MeshId } from "../../../shared/document/mesh-id.ts";
import { digestOf, type Digest } from "../../../shared/encoding/digest.ts";
import type { DeploymentPolicyText } from "../../../shared/trust/deployment-policy.ts";
import { encodeMeshPolicy, policyMessage, type UnsignedPolicy } from "../../../shared/trust/mesh-policy.ts";
import { encodeSignatureLine } from "../../../shared/trust/signed-note.ts";
import { cosignatureType, ed25519Type } from "../../../shared/trust/vkey.ts";
import { alice, ben, ci, keyOf, type NamedKey } from "./keys.ts";

export interface World {
  readonly mesh: MeshId;
  readonly origin: string;
  readonly log: NamedKey;
  readonly freshness: NamedKey;
  readonly policy: UnsignedPolicy;
  readonly policyText: string;
  readonly policyDigest: Digest;
}

export const deploymentName = "example.com";

/** @param change of the policy that the mesh would have otherwise */
export function worldOf(id: string, change: Partial<UnsignedPolicy>): World {
  const mesh = id as MeshId;
  const origin = originOf(deploymentName, mesh);
  const log = keyOf(origin, ed25519Type);
  const freshness = keyOf(`${origin}/freshness`, cosignatureType);
  const policy: UnsignedPolicy = {
    type: "flagmesh/policy/v1",
    origin,
    number: 1,
    log: log.vkeyText,
    freshness: freshness.vkeyText,
    approvers: { threshold: 0, keys: [] },
    overrides: [],
    witnesses: { quorum: 0, keys: [] },
    previous: null,
    ...change,
  };
  return { mesh, origin, log, freshness, ...stored(policy, []) };
}

/** The same mesh under the next policy, signed by these. */
export function succeed(world: World, change: Partial<UnsignedPolicy>, signers: readonly NamedKey[]): World {
  const { policy: before, policyDigest: previous } = world;
  const policy = { ...before, number: before.number + 1, previous, ...change };
  const lines = signers.map((key) => encodeSignatureLine(key.signNote(policyMessage(policy))));
  return { ...world, ...stored(policy, lines) };
}

function stored(
  policy: UnsignedPolicy,
  lines: readonly string[],
): Pick<World, "policy" | "policyText" | "policyDigest"> {
  const policyText = encodeMeshPolicy(policy, lines);
  return { policy, policyText, policyDigest: digestOf(policyText) };
}

export const production = worldOf("acme/production", {
  approvers: { threshold: 2, keys: [alice.vkeyText, ben.vkeyText, ci.vkeyText] },
});
export const staging = worldOf("acme/staging", {});

export const deployment = {
  deployment: deploymentName,
  meshes: {
    [production.mesh]: {
      policy: production.policyDigest,
      hosts: ["shop.example.com"],
      endpointHosts: ["*.example.net"],
      bindings: ["CHECKOUT_V2"],
    },
    [staging.mesh]: {
      policy: staging.policyDigest,
      hosts: ["shop.staging.example.com"],
      endpointHosts: ["*.example.net"],
      bindings: ["CHECKOUT_V2"],
    },
  },
} satisfies DeploymentPolicyText;
