/** A new mesh: its signing keys, its first policy, and its place in the deployment policy. */
import { isDeploymentName, originOf, type MeshId } from "../../shared/document/mesh-id.ts";
import { isObject, type Json } from "../../shared/encoding/json.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseDeploymentPolicy, type DeploymentPolicyText } from "../../shared/trust/deployment-policy.ts";
import {
  encodeMeshPolicy,
  parseMeshPolicy,
  type MeshPolicy,
  type PolicyFault,
} from "../../shared/trust/mesh-policy.ts";
import { cosignatureType, ed25519Type, encodeVkey } from "../../shared/trust/vkey.ts";
import { newKey } from "../keys/new-key.ts";
import type { StateDirectory } from "./state-directory.ts";

interface Approvers {
  readonly threshold: number;
  /** vkeys, type 0x01. */
  readonly keys: readonly string[];
}

export interface NewMesh {
  /** Needed for the first mesh of a deployment; for others it must be the name that is there. */
  readonly deployment?: string | undefined;
  readonly mesh: MeshId;
  readonly hosts: readonly string[];
  readonly endpointHosts: readonly string[];
  readonly bindings?: readonly string[];
  /** Default: nobody has to approve. */
  readonly approvers?: Approvers;
  /** vkeys, type 0x01. */
  readonly overrides?: readonly string[];
  /** For all meshes of the deployment; where it has some already, it stays as it is. */
  readonly allowInsecureEndpoints?: boolean;
}

export interface NewMeshFault {
  readonly code:
    | "mesh_present"
    | "keys_present"
    | "deployment_missing"
    | "deployment_mismatch"
    | "deployment_invalid"
    | PolicyFault;
  readonly message: string;
}

const fault = (code: NewMeshFault["code"], message: string): Result<never, NewMeshFault> => err({ code, message });

/** Writes keys, policy 1 and deployment policy, or nothing. Never overwrites a key, a policy, or a mesh's pins. */
export function createMesh(directory: StateDirectory, made: NewMesh): Result<MeshPolicy, NewMeshFault> {
  const { files, read, write } = directory;
  const { mesh, approvers = { threshold: 0, keys: [] }, overrides = [] } = made;
  const present = readDeployment(directory, made);
  if (!present.ok) return present;
  const { deployment, meshes } = present.value;
  if (Object.hasOwn(meshes, mesh)) return fault("mesh_present", `${files.deployment} has ${mesh} already`);
  const taken = [files.logKey(mesh), files.freshnessKey(mesh), files.policy(mesh, 1)].find(
    (file) => read(file) !== undefined,
  );
  if (taken !== undefined) {
    return fault("keys_present", `${taken} is there already, and no mesh has it: if it is of no use, move it away`);
  }

  const origin = originOf(deployment, mesh);
  const log = newKey(origin, ed25519Type);
  const freshness = newKey(`${origin}/freshness`, cosignatureType);
  const policyText = encodeMeshPolicy({
    type: "flagmesh/policy/v1",
    origin,
    number: 1,
    log: encodeVkey(log.key.vkey),
    freshness: encodeVkey(freshness.key.vkey),
    approvers: { threshold: approvers.threshold, keys: [...approvers.keys] },
    overrides: [...overrides],
    witnesses: { quorum: 0, keys: [] },
    previous: null,
  });
  const policy = parseMeshPolicy(policyText);
  if (!policy.ok) return fault(policy.error, messageOf(policy.error, approvers));
  const pins: DeploymentPolicyText["meshes"][string] = {
    policy: policy.value.digest,
    hosts: [...made.hosts],
    endpointHosts: [...made.endpointHosts],
    bindings: [...(made.bindings ?? [])],
  };
  const deploymentPolicy = { ...present.value, meshes: { ...meshes, [mesh]: pins } };
  const parsed = parseDeploymentPolicy(deploymentPolicy);
  if (!parsed.ok) return fault("deployment_invalid", parsed.error);

  write(files.logKey(mesh), `${log.text}\n`);
  write(files.freshnessKey(mesh), `${freshness.text}\n`);
  write(files.policy(mesh, 1), policyText);
  // Last, for it is what says that the rest is there.
  write(files.deployment, `${JSON.stringify(deploymentPolicy, undefined, 2)}\n`);
  return policy;
}

interface PresentDeployment {
  readonly deployment: string;
  readonly allowInsecureEndpoints?: Json;
  readonly meshes: { readonly [mesh: string]: Json };
}

/** The deployment policy that is there, its defaults not filled in; or a new one without meshes. */
function readDeployment({ files, read }: StateDirectory, made: NewMesh): Result<PresentDeployment, NewMeshFault> {
  const text = read(files.deployment);
  if (text === undefined) {
    const { deployment, allowInsecureEndpoints } = made;
    if (deployment === undefined) return fault("deployment_missing", "a first mesh needs the deployment's name");
    if (!isDeploymentName(deployment)) return fault("deployment_invalid", "a deployment is named like a host");
    return ok({ deployment, ...(allowInsecureEndpoints === true ? { allowInsecureEndpoints } : {}), meshes: {} });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault("deployment_invalid", `${files.deployment} is not JSON`);
  }
  const parsed = parseDeploymentPolicy(json);
  if (!parsed.ok || !isObject(json) || !isObject(json["meshes"])) {
    return fault("deployment_invalid", `${files.deployment}: ${parsed.ok ? "it has no meshes" : parsed.error}`);
  }
  const { deployment } = parsed.value;
  if (made.deployment !== undefined && made.deployment !== deployment) {
    return fault("deployment_mismatch", `${files.deployment} is of ${deployment}, not of ${made.deployment}`);
  }
  return ok({ ...json, deployment, meshes: json["meshes"] });
}

function messageOf(code: PolicyFault, { threshold, keys }: Approvers): string {
  switch (code) {
    case "policy_key_invalid":
      return "approvers and overrides are vkeys of type 0x01: name+hex key ID+base64, as `flagmesh keygen` prints them";
    case "policy_key_repeated":
      return "a key is there twice: under two names or in two roles it would count twice";
    case "policy_threshold_impossible":
      return `${threshold} approvals are asked of ${keys.length} approvers`;
    case "policy_malformed":
      return "the policy is too large, or a key or number has not the form it must have";
  }
}
