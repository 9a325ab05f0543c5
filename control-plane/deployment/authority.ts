/** What the control plane holds for one mesh: its signing keys, the policy that they act under, and what routers are pinned to. */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseDeploymentPolicy, type MeshPins } from "../../shared/trust/deployment-policy.ts";
import { parseMeshPolicy, type MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { encodeVkey, sameKey } from "../../shared/trust/vkey.ts";
import { parsePrivateKey } from "../keys/signing-key.ts";
import type { MeshKeys } from "../publisher/sign-release.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface Authority extends Mandate {
  readonly pins: MeshPins;
  /** Under the policies after the first that came into force, oldest first. */
  readonly successors?: readonly Mandate[];
}

/** A policy, and the keys to act under it. */
export interface Mandate {
  readonly policy: MeshPolicy;
  readonly keys: MeshKeys;
}

/** A sentence that says which file is wrong, and how. Never its content. */
export type ConfigurationFault = { readonly code: "configuration_invalid"; readonly message: string };

const fault = (message: string): Result<never, ConfigurationFault> => err({ code: "configuration_invalid", message });

/** Every mesh of the deployment policy, ready to sign, or the first thing that is wrong. */
export function loadAuthorities(directory: StateDirectory): Result<ReadonlyMap<MeshId, Authority>, ConfigurationFault> {
  const { files, read } = directory;
  const text = read(files.deployment);
  if (text === undefined)
    return fault(`${files.deployment} is missing: \`flagmesh dev\` makes one, docs/deploy.md tells how to write one`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault(`${files.deployment} is not JSON`);
  }
  const deployment = parseDeploymentPolicy(json);
  if (!deployment.ok) return fault(`${files.deployment}: ${deployment.error}`);
  const authorities = new Map<MeshId, Authority>();
  for (const pins of deployment.value.meshes) {
    const authority = loadAuthority(directory, pins);
    if (!authority.ok) return authority;
    authorities.set(pins.mesh, authority.value);
  }
  return ok(authorities);
}

function loadAuthority(directory: StateDirectory, pins: MeshPins): Result<Authority, ConfigurationFault> {
  const { files, read } = directory;
  const { mesh } = pins;
  const policyText = read(files.policy(mesh, 1));
  if (policyText === undefined) return fault(`${files.policy(mesh, 1)} is missing`);
  const policy = parseMeshPolicy(policyText);
  if (!policy.ok) return fault(`${files.policy(mesh, 1)}: ${policy.error}`);
  if (policy.value.digest !== pins.policy) {
    return fault(`${files.policy(mesh, 1)} has ${policy.value.digest}, the deployment policy pins ${pins.policy}`);
  }
  if (policy.value.origin !== pins.origin || policy.value.number !== 1) {
    const { origin, number } = policy.value;
    return fault(`${files.policy(mesh, 1)} is policy ${number} of ${origin}, wanted policy 1 of ${pins.origin}`);
  }
  const readKey = (file: string) => {
    const text = read(file);
    return text === undefined ? err("missing" as const) : parsePrivateKey(text);
  };
  const log = readKey(files.logKey(mesh));
  if (!log.ok) return fault(`${files.logKey(mesh)}: ${log.error}`);
  const freshness = readKey(files.freshnessKey(mesh));
  if (!freshness.ok) return fault(`${files.freshnessKey(mesh)}: ${freshness.error}`);
  if (!sameKey(log.value.vkey, policy.value.log) || !sameKey(freshness.value.vkey, policy.value.freshness)) {
    return fault(`the keys in ${files.logKey(mesh)} and ${files.freshnessKey(mesh)} are not those of policy 1`);
  }
  const successors = loadSuccessors(directory, mesh);
  if (!successors.ok) return successors;
  return ok({
    pins,
    policy: policy.value,
    keys: { log: log.value, freshness: freshness.value },
    successors: successors.value,
  });
}

function loadSuccessors(directory: StateDirectory, mesh: MeshId): Result<readonly Mandate[], ConfigurationFault> {
  const { files, read } = directory;
  const successors: Mandate[] = [];
  for (let number = 2; ; number++) {
    const file = files.policy(mesh, number);
    const text = read(file);
    if (text === undefined) return ok(successors);
    const policy = parseMeshPolicy(text);
    if (!policy.ok) return fault(`${file}: ${policy.error}`);
    const keys = findKeys(directory, mesh, policy.value);
    if (keys === undefined) return fault(`${file}: its log and freshness keys are not in ${directory.path}`);
    successors.push({ policy: policy.value, keys });
  }
}

/** The private keys that a policy names as log and freshness key, where both are kept. */
export function findKeys(
  directory: StateDirectory,
  mesh: MeshId,
  { log, freshness }: MeshPolicy,
): MeshKeys | undefined {
  const kept = directory.keys(mesh).flatMap((text) => {
    const key = parsePrivateKey(text);
    return key.ok ? [key.value] : [];
  });
  const logKey = kept.find(({ vkey }) => encodeVkey(vkey) === encodeVkey(log));
  const freshnessKey = kept.find(({ vkey }) => encodeVkey(vkey) === encodeVkey(freshness));
  return logKey === undefined || freshnessKey === undefined ? undefined : { log: logKey, freshness: freshnessKey };
}
