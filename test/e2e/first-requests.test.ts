/**
 * Many requests to an isolate that knows nothing yet. Workers forbid a request to await another's promise: one of them
 * looks, the others watch the memory.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { RedisStore } from "../../control-plane/bridge/store.ts";
import { bundleRouter } from "../../control-plane/local/bundle-router.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { startWorkerd, type Workerd } from "../bench/workerd-serve.ts";
import { freePort } from "../free-port.ts";
import { memoryStore, meshId, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";
import { connectTo } from "./raw-connection.ts";

const { head } = publicKeys(meshId);
const slowMs = 300;
const host = "shop.localhost";

let backend: TestBackend;
let mesh: TestMesh;
let code: string;
let router: Workerd;
/** How long each read takes, and how many looks at the head there were. */
const reads = { ms: 0, looks: 0 };

function slowStore(): RedisStore {
  const store = memoryStore();
  return {
    ...store,
    async command(args) {
      const [name = "", key = ""] = args.map((arg) => (typeof arg === "string" ? arg : new TextDecoder().decode(arg)));
      if (name.toUpperCase() === "MGET" && key === head) reads.looks++;
      if (/^m?get$/i.test(name)) await delay(reads.ms);
      return store.command(args);
    },
  };
}

beforeAll(async () => {
  backend = await startBackend("backend");
  mesh = await startMesh({ store: slowStore() });
  const document = `
mesh: acme/production
settings: { identity: [{ header: x-user-id }] }
backends: { only: { endpoints: [{ url: "${backend.url}" }] } }
routes: { all: { match: { host: ${host} }, backend: only } }
`;
  const pushed = await mesh.push(document);
  if (!pushed.ok) throw new Error(await pushed.text());
  // Without the host at which a new router is asked whether it runs: that would be a first request.
  const pinned = JSON.parse(readFileSync(join(mesh.directory, "deployment.json"), "utf8")) as {
    meshes: Record<string, { hosts: string[] }>;
  };
  for (const pins of Object.values(pinned.meshes)) pins.hosts = [host];
  const deployment = join(mesh.directory, "first-requests.json");
  writeFileSync(deployment, JSON.stringify(pinned));
  const bundle = await bundleRouter({ deployment });
  if (!bundle.ok) throw new Error(bundle.error.message);
  ({ code } = bundle.value);
});

afterAll(async () => {
  await mesh.close();
  await backend.close();
});

beforeEach(async () => {
  router = await startWorkerd({ port: await freePort(), code, env: mesh.router.env });
  Object.assign(reads, { ms: slowMs, looks: 0 });
});

afterEach(async () => {
  reads.ms = 0;
  await router.close();
});

/** Status of one answer; each request has a connection of its own. */
async function request(): Promise<string> {
  const connection = connectTo(router.url);
  connection.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await connection.closed;
  return connection.received().split("\r\n", 1)[0] ?? "";
}

const manyRequests = (count: number): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: count }, () => request()));

const ok = (count: number): readonly string[] => Array.from({ length: count }, () => "HTTP/1.1 200 OK");

test("all wait for one look, whoever made it", async () => {
  expect(await manyRequests(100)).toEqual(ok(100));
  expect(reads.looks).toBe(1);
});

test("those that come while it is under way wait for it too", async () => {
  const waves = [manyRequests(20)];
  for (let i = 0; i < 4; i++) {
    await delay(slowMs / 4);
    waves.push(manyRequests(20));
  }
  expect((await Promise.all(waves)).flat()).toEqual(ok(100));
  expect(reads.looks).toBe(1);
});

test("they don't lose it when the client whose request began it goes away", async () => {
  const first = connectTo(router.url);
  first.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  while (reads.looks === 0) await delay(5);
  const others = manyRequests(50);
  await delay(slowMs / 4);
  first.reset();
  expect(await others).toEqual(ok(50));
  expect(reads.looks).toBe(1);
});

test("none hangs where there is no store to look at, and all is well a second after it is there", async () => {
  await mesh.stopStore();
  try {
    const answers = await manyRequests(50);
    expect(new Set(answers)).toEqual(new Set(["HTTP/1.1 503 Service Unavailable"]));
  } finally {
    await mesh.startStore();
  }
  const deadline = Date.now() + 5_000;
  let answer = "";
  while (answer !== ok(1)[0] && Date.now() < deadline) answer = await request();
  expect(answer).toBe(ok(1)[0]);
});
