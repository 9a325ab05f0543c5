/** A log of any shape, honest or not, behind the control plane's real API. */
import { createApi } from "../../../control-plane/api/app.ts";
import type { Authority } from "../../../control-plane/deployment/authority.ts";
import { createEngine, type Engine } from "../../../control-plane/engine/engine.ts";
import { encodeLockFile } from "../../../control-plane/locker/lock-file.ts";
import type { Blobs } from "../../../control-plane/publisher/anchor.ts";
import type { Publisher } from "../../../control-plane/publisher/publisher.ts";
import { openSqliteAnchor } from "../../../control-plane/publisher/sqlite-anchor.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { err, ok } from "../../../shared/result.ts";
import { controlPlaneKeys, publicKeys } from "../../../shared/store/keys.ts";
import { parseDeploymentPolicy } from "../../../shared/trust/deployment-policy.ts";
import { parseMeshPolicy } from "../../../shared/trust/mesh-policy.ts";
import type { Release } from "../../reference/trust/log.ts";
import { deployment, type World } from "../../reference/trust/world.ts";

export const token = "fm_test_reader";
export const baseUrl = "http://control.test";

export interface ServedLog {
  readonly engine: Engine;
  readonly fetch: typeof fetch;
  /** A path behind `/v1/meshes/{tenant}/{environment}`, with the token. */
  readonly get: (path: string) => Promise<Response>;
  /** The same without. */
  readonly getPublic: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly append: (releases: readonly Release[]) => Promise<void>;
}

/** @param clock unix seconds */
export async function serveLog(
  world: World,
  releases: readonly Release[],
  clock: () => number = () => 0,
): Promise<ServedLog> {
  const { mesh } = world;
  const anchor = openSqliteAnchor(":memory:");
  const engine = createEngine({
    authorities: new Map([[mesh, authorityOf(world)]]),
    anchor,
    publisher: noStore,
    clock,
    randomSeed: () => new Uint8Array(32),
  });
  const append = async (more: readonly Release[]): Promise<void> => {
    for (const release of more) {
      const appended = await anchor.append(mesh, await anchor.newest(mesh), () => release, blobsOf(world, release));
      if (!appended.ok) throw new Error("not appended");
      await anchor.markPublished(mesh, release.size);
    }
  };
  await append(releases);
  const app = createApi({ engine, tokens: { reader: token }, log: () => {} });
  const call = async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    app.fetch(new Request(input, init));
  const url = (path: string): string => `${baseUrl}/v1/meshes/${mesh}${path}`;
  return {
    engine,
    append,
    fetch: call,
    get: (path) => call(url(path), { headers: { authorization: `Bearer ${token}` } }),
    getPublic: (path, headers = {}) => call(url(path), { headers }),
  };
}

function authorityOf({ mesh, policyText, log, freshness }: World): Authority {
  const policies = parseDeploymentPolicy(deployment);
  const pins = policies.ok ? policies.value.meshes.find((pinned) => pinned.mesh === mesh) : undefined;
  const policy = parseMeshPolicy(policyText);
  if (pins === undefined || !policy.ok) throw new Error("the test's own policies are wrong");
  return { pins, policy: policy.value, keys: { log, freshness } };
}

function blobsOf({ mesh, policyText, policyDigest }: World, { revision, content }: Release): Blobs {
  const lock = encodeLockFile({ ...revision.lock, approvals: content.approvals });
  return new Map([
    [publicKeys(mesh).policy(policyDigest), policyText],
    [publicKeys(mesh).snapshot(content.snapshotDigest), revision.snapshot],
    // By its own digest, where the statement names another.
    [controlPlaneKeys(mesh).lock(digestOf(lock)), lock],
  ]);
}

const unreachable = err({ code: "store_unreachable", message: "no store in this test" } as const);

/** Reads of the log need none. */
const noStore: Publisher = {
  reconcile: async () => ok(undefined),
  publish: async () => unreachable,
  renew: async () => ok(undefined),
  restore: async () => unreachable,
};
