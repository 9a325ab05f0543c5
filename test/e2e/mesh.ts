/** A whole mesh for a test, part by part, so that each part can be stopped, altered and started again. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbeddedStore } from "../../control-plane/bridge/embedded-store.ts";
import { startBridge, type BridgeServer } from "../../control-plane/bridge/start.ts";
import type { RedisStore } from "../../control-plane/bridge/store.ts";
import { bootstrap } from "../../control-plane/deployment/bootstrap.ts";
import { openStateDirectory } from "../../control-plane/deployment/state-directory.ts";
import { bundleRouter } from "../../control-plane/local/bundle-router.ts";
import { startRouter, type RouterProcess } from "../../control-plane/local/router-process.ts";
import { publishScript } from "../../control-plane/publisher/publish-script.ts";
import { startControlPlane, type ControlPlane } from "../../control-plane/serve/control-plane.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { freePort } from "../free-port.ts";

export const meshId = "acme/production" as MeshId;
export const pollMs = 100;

export interface TestBackend {
  readonly name: string;
  readonly url: string;
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingMessage["headers"] }[];
  close(): Promise<void>;
}

/** Answers every request with its own name, unless told otherwise. */
export async function startBackend(
  name: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end(name),
): Promise<TestBackend> {
  const requests: TestBackend["requests"] = [];
  const server: Server = createServer((request, response) => {
    requests.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    name,
    url,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export interface TestMesh {
  readonly store: RedisStore;
  readonly controlPlane: () => ControlPlane;
  readonly routerUrl: () => string;
  /** What the router runs: one module, and its text bindings. */
  readonly router: { readonly code: string; readonly env: Readonly<Record<string, string>> };
  readonly directory: string;
  /** A call of the control plane's API for the mesh. */
  readonly api: (path: string, init?: RequestInit) => Promise<Response>;
  readonly push: (document: string) => Promise<Response>;
  /** A request through the router. */
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly health: () => Promise<Health>;
  /** Polls the router's health until it is so; fails after 5 s. */
  readonly until: (so: (health: Health) => boolean) => Promise<Health>;
  readonly stopStore: () => Promise<void>;
  readonly startStore: () => Promise<void>;
  readonly restartControlPlane: () => Promise<void>;
  /** A new isolate, with no memory. */
  readonly restartRouter: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Health {
  readonly status: string;
  readonly release?: number;
  readonly revision?: number;
  readonly checkedAge: number | null;
  readonly hub: "none" | "idle" | "live";
  readonly failures: Readonly<Record<string, number>>;
  readonly lastFailure: { readonly code: string; readonly step?: number } | null;
}

export interface TestMeshOptions {
  readonly store?: RedisStore;
  /** With a hub at the router, of which the control plane knows. */
  readonly hub?: boolean;
  readonly pollMs?: number;
  /** vkeys. Default: nobody has to approve. */
  readonly approvers?: { readonly threshold: number; readonly keys: readonly string[] };
}

export async function startMesh(options: TestMeshOptions = {}): Promise<TestMesh> {
  const { store = memoryStore(), hub = false, pollMs: everyMs = pollMs, approvers } = options;
  const directory = mkdtempSync(join(tmpdir(), "flagmesh-e2e-"));
  const state = openStateDirectory(directory);
  const made = bootstrap(state, {
    deployment: "local",
    mesh: meshId,
    hosts: ["localhost", "127.0.0.1", "shop.localhost"],
    endpointHosts: ["127.0.0.1"],
    ...(approvers === undefined ? {} : { approvers }),
  });
  if (!made.ok) throw new Error(made.error.message);
  const tokens = JSON.parse(state.read(state.files.storeTokens) ?? "") as { controlPlane: string; edge: string };
  const admin = (state.read(state.files.adminToken) ?? "").trim();
  const [bridgePort, hubPort] = [await freePort(), await freePort()];
  const bridgeUrl = `http://127.0.0.1:${bridgePort}`;
  // The bridge closes its store; this one outlives it.
  const kept: RedisStore = {
    command: (args) => store.command(args),
    multi: (commands) => store.multi(commands),
    subscribe: (topic, listener) => store.subscribe(topic, listener),
    close: async () => {},
  };
  const openBridge = (): Promise<BridgeServer> =>
    startBridge({
      port: bridgePort,
      store: kept,
      tokens: [{ token: tokens.controlPlane }, { token: tokens.edge, readOnlyPattern: "flagmesh:*:pub:*" }],
    });
  const openControlPlane = async (): Promise<ControlPlane> => {
    const started = await startControlPlane({
      directory: state,
      store: { url: bridgeUrl, token: tokens.controlPlane },
      port: 0,
      tokens: { admin },
      routers: hub ? [`http://127.0.0.1:${hubPort}`] : [],
      log: () => {},
    });
    if (!started.ok) throw new Error(started.error.message);
    return started.value;
  };
  const bundle = await bundleRouter({ deployment: state.files.deployment });
  if (!bundle.ok) throw new Error(bundle.error.message);
  const env = {
    UPSTASH_REDIS_REST_URL: bridgeUrl,
    UPSTASH_REDIS_REST_TOKEN: tokens.edge,
    FLAGMESH_POLL_MS: String(everyMs),
  };
  const startOn = async (port: number): ReturnType<typeof startRouter> =>
    startRouter({
      port,
      code: bundle.value.code,
      env,
      ...(hub ? { durableObjects: { HUB: "Hub" }, stateDirectory: join(directory, "hub") } : {}),
      log: () => {},
    });
  const openRouter = async (): Promise<RouterProcess> => {
    for (let attempt = 1; ; attempt++) {
      const started = await startOn(hub ? hubPort : await freePort());
      if (started.ok) return started.value;
      // The one before may hold its port for a moment longer.
      if (started.error.code !== "port_in_use" || attempt === 30) throw new Error(started.error.message);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  let bridge: BridgeServer | undefined = await openBridge();
  let controlPlane = await openControlPlane();
  let router = await openRouter();
  const health = async (): Promise<Health> =>
    (await (await fetch(`${router.url}/.well-known/flagmesh/health`)).json()) as Health;
  const api = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${controlPlane.url}/v1/meshes/${meshId}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${admin}`, ...(init.headers as Record<string, string> | undefined) },
    });
  const stopStore = async (): Promise<void> => {
    await bridge?.close();
    bridge = undefined;
  };

  return {
    store,
    directory,
    routerUrl: () => router.url,
    router: { code: bundle.value.code, env },
    api,
    health,
    stopStore,
    controlPlane: () => controlPlane,
    push: (document) =>
      api("/releases", { method: "POST", body: document, headers: { "content-type": "application/yaml" } }),
    get: (path, headers = {}) => fetch(router.url + path, { headers, redirect: "manual" }),
    async until(so) {
      const deadline = Date.now() + 5_000;
      for (;;) {
        const found = await health();
        if (so(found)) return found;
        if (Date.now() > deadline) throw new Error(`not so after 5 s: ${JSON.stringify(found)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async startStore() {
      bridge = await openBridge();
    },
    async restartControlPlane() {
      await controlPlane.close();
      controlPlane = await openControlPlane();
    },
    async restartRouter() {
      await router.close();
      router = await openRouter();
    },
    async close() {
      await router.close();
      await controlPlane.close();
      await stopStore();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export const memoryStore = (): RedisStore => createEmbeddedStore({ now: Date.now, scripts: [publishScript] });

/** Two backends behind one flag, `on` to the first. */
export const splitDocument = (on: TestBackend, off: TestBackend, share: number): string => `
mesh: acme/production
settings: { identity: [{ header: x-user-id }, { cookie: flagmesh_id }], debugHeaders: true }
flags:
  split:
    variants: { "on": true, "off": false }
    defaultVariant: "off"
    rollout: { "on": ${share} }
backends:
  on: { endpoints: [{ url: "${on.url}" }] }
  off: { endpoints: [{ url: "${off.url}" }] }
routes:
  split: { match: { host: 127.0.0.1 }, flag: split, to: { "on": "on", "off": "off" } }
`;
