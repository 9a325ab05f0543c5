/** Everything on one machine: store, control plane, the example's containers, and the router in workerd. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "../../shared/document/entry.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { startBridge } from "../bridge/start.ts";
import { openEmbeddedStore } from "../bridge/embedded-store.ts";
import { openRedisStore } from "../bridge/redis-store.ts";
import type { RedisStore } from "../bridge/store.ts";
import { bootstrap } from "../deployment/bootstrap.ts";
import type { StateDirectory } from "../deployment/state-directory.ts";
import { loadDocument } from "../locker/load.ts";
import { readDocumentFiles } from "../locker/read-files.ts";
import { publishScript } from "../publisher/publish-script.ts";
import { startControlPlane, type ControlPlane } from "../serve/control-plane.ts";
import { bundleRouter } from "./bundle-router.ts";
import { startProcess } from "./child-process.ts";
import { publishFirst } from "./first-release.ts";
import { checkPortFree, loopback } from "./port.ts";
import { startRouter } from "./router-process.ts";

export interface LocalMeshOptions {
  readonly directory: StateDirectory;
  /** The document's directory. For each backend `x` that has a script `x.ts` there, it is run at its endpoint's port. */
  readonly example: string;
  readonly mesh: MeshId;
  readonly hosts: readonly string[];
  readonly ports: { readonly router: number; readonly control: number; readonly bridge: number };
  /** `redis://…`; without it the embedded store is used. */
  readonly redisUrl?: string | undefined;
  /** Milliseconds between two looks of the router at the store. */
  readonly pollMs?: number;
  readonly log: (line: string) => void;
}

export interface LocalMesh {
  readonly routerUrl: string;
  readonly controlPlane: ControlPlane;
  readonly bridgeUrl: string;
  readonly adminToken: string;
  /** Resolves with its name when a part ended that nobody asked to end. */
  readonly failed: Promise<string>;
  /** Ends all parts, the last started first. May be called more than once. */
  readonly close: () => Promise<void>;
}

/** For the person at the terminal: what was wrong, and what to do. */
export interface LocalFailure {
  readonly code: string;
  readonly message: string;
}

const deployment = "local";
const localPollMs = 1_000;

export async function startLocalMesh(options: LocalMeshOptions): Promise<Result<LocalMesh, LocalFailure>> {
  const closers: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    for (const closePart of closers.toReversed()) await closePart();
  };
  const started = await start(options, closers);
  if (!started.ok) {
    await close();
    return started;
  }
  return ok({ ...started.value, close: () => (closing ??= close()) });
}

async function start(
  { directory, example, mesh, hosts, ports, redisUrl, pollMs = localPollMs, log }: LocalMeshOptions,
  closers: (() => Promise<void>)[],
): Promise<Result<Omit<LocalMesh, "close">, LocalFailure>> {
  const { files, read } = directory;
  const prepared = bootstrap(directory, { deployment, mesh, hosts, endpointHosts: [loopback] });
  if (!prepared.ok) return prepared;
  for (const port of [
    { number: ports.bridge, purpose: "store", setIn: "FLAGMESH_BRIDGE_PORT" },
    { number: ports.control, purpose: "control plane", setIn: "FLAGMESH_CONTROL_PORT" },
    { number: ports.router, purpose: "router", setIn: "FLAGMESH_ROUTER_PORT" },
  ]) {
    const free = await checkPortFree(port);
    if (!free.ok) return free;
  }

  const store = await openStore(files.store, redisUrl, log);
  if (!store.ok) return store;
  const tokens = JSON.parse(read(files.storeTokens) ?? "{}") as { controlPlane: string; edge: string };
  const bridge = await startBridge({
    port: ports.bridge,
    store: store.value,
    tokens: [{ token: tokens.controlPlane }, { token: tokens.edge, readOnlyPattern: "flagmesh:*:pub:*" }],
  });
  closers.push(() => bridge.close());

  const adminToken = (read(files.adminToken) ?? "").trim();
  const controlPlane = await startControlPlane({
    directory,
    store: { url: bridge.url, token: tokens.controlPlane },
    port: ports.control,
    tokens: { admin: adminToken },
    routers: [`http://${loopback}:${ports.router}`],
    log: (line) => log(`control plane | ${line}`),
  });
  if (!controlPlane.ok) return controlPlane;
  closers.push(() => controlPlane.value.close());

  const first = await publishFirst(controlPlane.value.engine, deployment, mesh, example);
  if (!first.ok) return first;

  const failures: Promise<string>[] = [];
  const containers = await startContainers(example, join(directory.path, "shop"), log);
  for (const container of containers) {
    if (!container.started.ok) continue;
    const running = container.started.value;
    closers.push(() => running.close());
    failures.push(failureOf(container.name, running.exited));
  }
  const broken = containers.find(({ started }) => !started.ok)?.started;
  if (broken !== undefined && !broken.ok) return broken;

  const bundle = await bundleRouter({ deployment: files.deployment });
  if (!bundle.ok) return bundle;
  const router = await startRouter({
    port: ports.router,
    code: bundle.value.code,
    env: {
      UPSTASH_REDIS_REST_URL: bridge.url,
      UPSTASH_REDIS_REST_TOKEN: tokens.edge,
      FLAGMESH_POLL_MS: String(pollMs),
    },
    durableObjects: { HUB: "Hub" },
    stateDirectory: join(directory.path, "hub"),
    log,
  });
  if (!router.ok) return router;
  closers.push(() => router.value.close());
  failures.push(failureOf("router", router.value.exited));

  return ok({
    routerUrl: router.value.url,
    controlPlane: controlPlane.value,
    bridgeUrl: bridge.url,
    adminToken,
    failed: Promise.race(failures),
  });
}

async function openStore(
  file: string,
  redisUrl: string | undefined,
  log: (line: string) => void,
): Promise<Result<RedisStore, LocalFailure>> {
  if (redisUrl === undefined) return openEmbeddedStore({ path: file, now: Date.now, scripts: [publishScript] });
  try {
    return ok(await openRedisStore({ url: redisUrl, onFault: (fault) => log(`store | ${fault.message}`) }));
  } catch (error) {
    return err({ code: "redis_unreachable", message: `REDIS_URL can't be reached: ${String(error)}` });
  }
}

/** One process for each backend that has a script, all at once. */
async function startContainers(example: string, state: string, log: (line: string) => void) {
  const documents = await readDocumentFiles(example);
  const { entries } = documents.ok ? loadDocument(documents.value, { allowInsecureEndpoints: true }) : {};
  const scripts = Array.from(entriesOf(entries ?? new Map(), "backend")).flatMap(([name, backend]) => {
    const file = join(example, `${name}.ts`);
    const [endpoint] = "endpoints" in backend ? backend.endpoints : [];
    return endpoint !== undefined && existsSync(file) ? [{ name, file, url: endpoint.url }] : [];
  });
  return Promise.all(
    scripts.map(async ({ name, file, url }) => ({
      name,
      started: await startProcess({
        name,
        file,
        env: { PORT: new URL(url).port, DATABASE: join(state, name, "orders.sqlite") },
        ready: `${url}/healthz`,
        portSetIn: "the backend's endpoint in mesh.yaml",
        log,
      }),
    })),
  );
}

/** Settles only where nobody had asked it to end. */
const failureOf = async (name: string, exited: Promise<{ readonly expected: boolean }>): Promise<string> =>
  (await exited).expected ? new Promise<never>(() => {}) : name;
