/** A published mesh to measure the router with: store, control plane and document in this process, the router in workerd. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbeddedStore } from "../../control-plane/bridge/embedded-store.ts";
import { startBridge } from "../../control-plane/bridge/start.ts";
import { bootstrap } from "../../control-plane/deployment/bootstrap.ts";
import { openStateDirectory } from "../../control-plane/deployment/state-directory.ts";
import { bundleRouter } from "../../control-plane/local/bundle-router.ts";
import { publishScript } from "../../control-plane/publisher/publish-script.ts";
import { startControlPlane } from "../../control-plane/serve/control-plane.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { utf8 } from "../../shared/encoding/bytes.ts";
import { freePort } from "../free-port.ts";
import type { RunningContender } from "./throughput.ts";
import { startWorkerd } from "./workerd-serve.ts";

const meshId = "acme/production" as MeshId;

export interface BenchMesh extends RunningContender {
  readonly push: (document: string) => Promise<void>;
}

export interface BenchMeshOptions {
  readonly core?: number | undefined;
  readonly pollMs: number;
  /** Another Worker than the router, at the same store. */
  readonly entry?: string;
  /** With a hub, of which the control plane knows. */
  readonly hub?: boolean;
}

/** Answers when the router serves the document. */
export async function startBenchMesh(
  document: string,
  { core, pollMs, entry, hub = false }: BenchMeshOptions,
): Promise<BenchMesh> {
  const directory = mkdtempSync(join(tmpdir(), "flagmesh-bench-"));
  const state = openStateDirectory(directory);
  const hosts = ["shop.localhost", "127.0.0.1"];
  bootstrap(state, { deployment: "local", mesh: meshId, hosts, endpointHosts: ["127.0.0.1"] });
  const tokens = JSON.parse(state.read(state.files.storeTokens) ?? "") as { controlPlane: string; edge: string };
  const bridge = await startBridge({
    port: 0,
    store: createEmbeddedStore({ now: Date.now, scripts: [publishScript] }),
    tokens: [{ token: tokens.controlPlane }, { token: tokens.edge, readOnlyPattern: "flagmesh:*:pub:*" }],
  });
  const port = await freePort();
  const controlPlane = await startControlPlane({
    directory: state,
    store: { url: bridge.url, token: tokens.controlPlane },
    port: 0,
    tokens: {},
    routers: hub ? [`http://127.0.0.1:${port}`] : [],
    log: () => {},
  });
  if (!controlPlane.ok) throw new Error(controlPlane.error.message);
  const push = async (text: string): Promise<void> => {
    const files = new Map([["mesh.yaml", utf8(text)]]);
    const pushed = await controlPlane.value.engine.push(
      meshId,
      { files, lock: undefined },
      { actor: "bench", message: "" },
    );
    if (!pushed.ok) throw new Error(JSON.stringify(pushed.error));
  };
  await push(document);
  const bundle = await bundleRouter({ deployment: state.files.deployment, ...(entry === undefined ? {} : { entry }) });
  if (!bundle.ok) throw new Error(bundle.error.message);
  const router = await startWorkerd({
    port,
    code: bundle.value.code,
    env: {
      UPSTASH_REDIS_REST_URL: bridge.url,
      UPSTASH_REDIS_REST_TOKEN: tokens.edge,
      FLAGMESH_POLL_MS: String(pollMs),
    },
    ...(hub ? { durableObjects: { HUB: "Hub" } } : {}),
    core,
  });
  return {
    url: router.url,
    pid: router.pid,
    push,
    async close() {
      await router.close();
      await controlPlane.value.close();
      await bridge.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A shop whose checkout is split between two backends, which here are one server. */
export const shopDocument = (backendUrl: string, percent: number): string => `
mesh: acme/production
settings: { identity: [{ header: x-user-id }, { cookie: flagmesh_id }] }
flags:
  new-checkout: { variants: { "on": true, "off": false }, defaultVariant: "off", rollout: { "on": ${percent} } }
backends:
  checkout-v1: { endpoints: [{ url: "${backendUrl}" }] }
  checkout-v2: { endpoints: [{ url: "${backendUrl}" }] }
routes:
  checkout:
    match: { host: shop.localhost, path: /checkout/* }
    flag: new-checkout
    to: { "on": checkout-v2, "off": checkout-v1 }
  rest: { match: { host: 127.0.0.1 }, backend: checkout-v1 }
`;
