/** A mesh's keys, policy and pins, made for one test. */
import { randomBytes } from "node:crypto";
import type { Authority } from "../../../control-plane/deployment/authority.ts";
import { newKey } from "../../../control-plane/keys/new-key.ts";
import type { SigningKey } from "../../../control-plane/keys/signing-key.ts";
import { originOf, type MeshId } from "../../../shared/document/mesh-id.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { parseDeploymentPolicy } from "../../../shared/trust/deployment-policy.ts";
import { encodeMeshPolicy, parseMeshPolicy } from "../../../shared/trust/mesh-policy.ts";
import { cosignatureType, ed25519Type, encodeVkey } from "../../../shared/trust/vkey.ts";

export const deployment = "test";

export interface Approvers {
  readonly threshold: number;
  readonly keys: readonly SigningKey[];
}

export function createAuthority(mesh: MeshId, approvers: Approvers = { threshold: 0, keys: [] }): Authority {
  const origin = originOf(deployment, mesh);
  const log = newKey(origin, ed25519Type).key;
  const freshness = newKey(`${origin}/freshness`, cosignatureType).key;
  const text = encodeMeshPolicy({
    type: "flagmesh/policy/v1",
    origin,
    number: 1,
    log: encodeVkey(log.vkey),
    freshness: encodeVkey(freshness.vkey),
    approvers: { threshold: approvers.threshold, keys: approvers.keys.map(({ vkey }) => encodeVkey(vkey)) },
    overrides: [],
    witnesses: { quorum: 0, keys: [] },
    previous: null,
  });
  const policy = parseMeshPolicy(text);
  const pinned = parseDeploymentPolicy({
    deployment,
    meshes: {
      [mesh]: {
        policy: digestOf(text),
        hosts: ["shop.example.com"],
        endpointHosts: ["*.example.com"],
        bindings: ["SEARCH"],
      },
    },
  });
  const [pins] = pinned.ok ? pinned.value.meshes : [];
  if (!policy.ok || pins === undefined) throw new Error("the test's own policies are wrong");
  return { pins, policy: policy.value, keys: { log, freshness } };
}

/** A mesh that no other test uses. */
export const newMesh = (): MeshId => `acme/${randomBytes(8).toString("hex")}` as MeshId;
