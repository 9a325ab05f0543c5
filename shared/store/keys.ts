/**
 * Names in Redis. `pub` is all that edges read, with a token for `flagmesh:*:pub:*`; `cp` is the control plane's own.
 * The braces are a cluster's hash tag: one mesh, one slot, so that one script can touch its keys.
 */
import type { MeshId } from "../document/mesh-id.ts";
import type { Digest } from "../encoding/digest.ts";

const hexOf = (digest: Digest): string => digest.slice("sha256:".length);

export interface PublicKeys {
  /** The one mutable value of a mesh's log. */
  readonly head: string;
  /** The newest renewal of freshness. */
  readonly fresh: string;
  readonly verdicts: string;
  /** List of the log's leaf hashes, padded base64. */
  readonly leaves: string;
  /** List of the log's statements, exact texts. */
  readonly statements: string;
  /** Channel: one line per release. */
  readonly events: string;
  /** By digest, as the statement names it: of two that were drafted with one number, one came into force. */
  readonly policy: (digest: Digest) => string;
  readonly snapshot: (digest: Digest) => string;
  readonly delta: (from: Digest, to: Digest) => string;
}

export function publicKeys(mesh: MeshId): PublicKeys {
  const prefix = `flagmesh:{${mesh}}:pub:`;
  return {
    head: `${prefix}head`,
    fresh: `${prefix}fresh`,
    verdicts: `${prefix}verdicts`,
    leaves: `${prefix}leaves`,
    statements: `${prefix}statements`,
    events: `${prefix}events`,
    policy: (digest) => `${prefix}policy:${hexOf(digest)}`,
    snapshot: (digest) => `${prefix}snapshot:${hexOf(digest)}`,
    delta: (from, to) => `${prefix}delta:${hexOf(from)}:${hexOf(to)}`,
  };
}

export interface ControlPlaneKeys {
  /** By digest, as the statement names it: two racing pushes of one revision must not meet in one key. */
  readonly lock: (digest: Digest) => string;
  /** Capped stream of releases, for those who missed a message. */
  readonly stream: string;
}

export function controlPlaneKeys(mesh: MeshId): ControlPlaneKeys {
  const prefix = `flagmesh:{${mesh}}:cp:`;
  return { lock: (digest) => `${prefix}lock:${hexOf(digest)}`, stream: `${prefix}stream` };
}
