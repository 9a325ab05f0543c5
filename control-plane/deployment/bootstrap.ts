/** The first start of a local mesh: keys, policies and tokens, made once and then kept. */
import { randomBytes } from "node:crypto";
import { originOf, type MeshId } from "../../shared/document/mesh-id.ts";
import { digestOf } from "../../shared/encoding/digest.ts";
import type { DeploymentPolicyText } from "../../shared/trust/deployment-policy.ts";
import { encodeMeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { cosignatureType, ed25519Type, encodeVkey, type KeyType } from "../../shared/trust/vkey.ts";
import { createSigningKey, encodePrivateKey, type SigningKey } from "../keys/signing-key.ts";
import type { StateDirectory } from "./state-directory.ts";

export interface LocalMesh {
  readonly deployment: string;
  readonly mesh: MeshId;
  readonly hosts: readonly string[];
  readonly endpointHosts: readonly string[];
}

/** Writes what is missing and leaves what is there. */
export function bootstrap(directory: StateDirectory, { deployment, mesh, hosts, endpointHosts }: LocalMesh): void {
  const { files, read, write } = directory;
  if (read(files.adminToken) === undefined) write(files.adminToken, `${newToken("admin")}\n`);
  if (read(files.storeTokens) === undefined) {
    write(files.storeTokens, JSON.stringify({ controlPlane: newToken("store"), edge: newToken("edge") }));
  }
  if (read(files.deployment) !== undefined) return;
  const origin = originOf(deployment, mesh);
  const log = newKey(origin, ed25519Type);
  const freshness = newKey(`${origin}/freshness`, cosignatureType);
  const policy = encodeMeshPolicy({
    type: "flagmesh/policy/v1",
    origin,
    number: 1,
    log: encodeVkey(log.key.vkey),
    freshness: encodeVkey(freshness.key.vkey),
    approvers: { threshold: 0, keys: [] },
    overrides: [],
    witnesses: { quorum: 0, keys: [] },
  });
  const deploymentPolicy: DeploymentPolicyText = {
    deployment,
    allowInsecureEndpoints: true,
    meshes: {
      [mesh]: { policy: digestOf(policy), hosts: [...hosts], endpointHosts: [...endpointHosts], bindings: [] },
    },
  };
  write(files.logKey(mesh), `${log.text}\n`);
  write(files.freshnessKey(mesh), `${freshness.text}\n`);
  write(files.policy(mesh, 1), policy);
  // Last, for it is what says that the rest is there.
  write(files.deployment, `${JSON.stringify(deploymentPolicy, undefined, 2)}\n`);
}

/** A new signing key, with its private text. */
export function newKey(name: string, type: KeyType): { key: SigningKey; text: string } {
  const seed = Uint8Array.from(randomBytes(32));
  const key = createSigningKey(name, type, seed);
  return { key, text: encodePrivateKey(key, seed) };
}

/** `fm_<id>_<256 random bits>`. */
export const newToken = (id: string): string => `fm_${id}_${randomBytes(32).toString("base64url")}`;
