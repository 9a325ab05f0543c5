/** Secrets stay where they belong: the seed in locks, private keys and tokens in the control plane's own directory. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseLockFile } from "../../../control-plane/locker/lock-file.ts";
import { startControlPlane } from "../../../control-plane/serve/control-plane.ts";
import { base64Bytes, toHex } from "../../../shared/encoding/bytes.ts";
import { documentText, lockOf } from "../engine/test-document.ts";
import { bundleOf, mesh, startApi, type LiveApi } from "./live-api.ts";

let api: LiveApi;
let seed: string;
/** Everything that no answer, log line or public value may hold, beside the seed. */
let secrets: readonly string[];
const stored = new Map<string, string>();
const logged: string[] = [];
const unreachable = "http://127.0.0.1:1";

beforeAll(async () => {
  api = await startApi();
  const text = documentText();
  const locked = lockOf(mesh, text);
  seed = locked.lock.seed;
  const keys = api.directory.keys(mesh).map((key) => key.trim());
  if (keys.length < 2) throw new Error("no keys to look for");
  secrets = [api.token, api.storeToken, ...keys, ...keys.map((key) => key.split("+").slice(4).join("+"))];
  await useEverything(text, locked.text);
  for (const key of (await api.store.command(["KEYS", "*"])) as string[]) {
    stored.set(key, JSON.stringify(await read(key)));
  }
  await api.stopStore();
  await api.push(bundleOf(documentText({ share: 30 }), locked.text));
  await api.push(documentText({ share: 30 }));
  for (const path of ["/health", "/lock"]) await api.call("GET", path);
  await api.call("POST", "/restore");
  // One that starts while the store is away says so at once.
  const started = await startControlPlane({
    directory: api.directory,
    store: { url: unreachable, token: api.storeToken },
    port: 0,
    tokens: { ada: api.token },
    log: (line) => logged.push(line),
  });
  if (!started.ok) throw new Error(started.error.message);
  await vi.waitUntil(() => logged.length > 0, { timeout: 10_000 });
  await started.value.close();
});
afterAll(() => api.close());

/** Every route, as it answers well and as it refuses. */
async function useEverything(text: string, lock: string): Promise<void> {
  await api.push(bundleOf(text, lock));
  await api.push(documentText({ share: 20 }));
  await api.push(bundleOf(documentText({ share: 25 }), lock));
  await api.push(bundleOf(text, lock.replace("seed:", "sead:")));
  await api.push("flags: [");
  for (const path of ["/flags/f0/kill", "/flags/f0/revive", "/flags/none/kill", "/restore"])
    await api.call("POST", path);
  await api.call("POST", "/flags/search/stage", { body: '{"percent":50}' });
  await api.call("POST", "/rollback", { body: '{"release":0}' });
  await api.call("POST", "/policy", { body: '{"policy":"{}","lock":null}' });
  await api.call("POST", "/policy", { body: JSON.stringify({ policy: "{}", lock }) });
  const reads = ["/releases", "/releases/0", "/releases/0/snapshot", "/flags", "/flags/checkout", "/policy", "/lock"];
  const proofs = ["/checkpoint", "/health", "/proofs/entry/flag:checkout", "/proofs/consistency?from=1"];
  const log = ["/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1", "/log/policies/1", "/log/key"];
  for (const path of [...reads, ...proofs, ...log, "/keys/log.key", "/nothing"]) await api.call("GET", path);
  for (const path of ["//healthz", "//readyz", "//v1/meshes", "//admin.token", "//.flagmesh/admin.token"]) {
    await api.call("GET", path);
  }
}

async function read(key: string): Promise<unknown> {
  const type = await api.store.command(["TYPE", key]);
  if (type === "string") return api.store.command(["GET", key]);
  if (type === "list") return api.store.command(["LRANGE", key, "0", "-1"]);
  if (type === "stream") return api.store.command(["XRANGE", key, "-", "+"]);
  throw new Error(`${key} is a ${JSON.stringify(type)}`);
}

const encodingsOf = (base64: string): readonly string[] => [
  base64,
  base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
  toHex(base64Bytes(base64)),
];
const holdsSeed = (text: string): boolean => encodingsOf(seed).some((form) => text.includes(form));
const holdsSecret = (text: string): boolean => secrets.some((secret) => text.includes(secret));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("the locks that are made in this run all have the one seed", async () => {
  const lock = [...stored].find(([key]) => key.includes(":cp:lock:"))?.[1] ?? '""';
  const parsed = parseLockFile(JSON.parse(lock) as string);
  expect(parsed.ok && parsed.value.seed).toBe(seed);
});

test("no answer holds a token or a private key", () => {
  expect(api.answers.length).toBeGreaterThan(30);
  expect(api.answers.map(({ text }) => text).filter(holdsSecret)).toEqual([]);
});

test("the seed is answered inside a lock only: that of GET lock, and that of a release which was made", () => {
  const leaks = api.answers.filter(({ text, headers, body }) => {
    if (headers.get("content-type") === "application/yaml") return false;
    return holdsSeed(Object.hasOwn(body, "lock") ? JSON.stringify({ ...body, lock: "" }) : text);
  });
  expect(leaks.map(({ text }) => text)).toEqual([]);
  const refusals = api.answers.filter(({ status }) => status >= 400);
  expect(refusals.length).toBeGreaterThan(10);
  expect(refusals.filter(({ text }) => holdsSeed(text))).toEqual([]);
});

test("no line of the log holds the seed, a token or a private key, also while the store is away", () => {
  expect(api.answers.map(({ body }) => body["code"])).toContain("store_unreachable");
  expect([...api.logged, ...logged].filter((line) => holdsSeed(line) || holdsSecret(line))).toEqual([]);
});

test("nothing that routers can read holds the seed, and nothing in Redis a token or a private key", () => {
  const pub = [...stored].filter(([key]) => key.includes(":pub:"));
  expect(pub.length).toBeGreaterThan(5);
  expect(pub.filter(([, value]) => holdsSeed(value)).map(([key]) => key)).toEqual([]);
  expect([...stored].filter(([, value]) => holdsSecret(value)).map(([key]) => key)).toEqual([]);
});

test.skipIf(process.platform === "win32")("the directory is its owner's alone: files 0600, folders 0700", () => {
  const inside = readdirSync(api.directory.path, { recursive: true, withFileTypes: true });
  expect(inside.length).toBeGreaterThan(5);
  expect(modeOf(api.directory.path)).toBe("700");
  for (const entry of inside) {
    const path = join(entry.parentPath, entry.name);
    expect([path, modeOf(path)]).toEqual([path, entry.isDirectory() ? "700" : "600"]);
  }
  expect(readFileSync(api.directory.files.logKey(mesh), "utf8")).toContain("PRIVATE+KEY");
});

test.each(["../../outside.yaml", "/etc/flagmesh.yaml", "__proto__", "a\u0000b.yaml", "x".repeat(2_000)])(
  "a file in a bundle is a name, never a path that is written or read: %j",
  async (name) => {
    const other = await startApi();
    try {
      const before = readdirSync(join(other.directory.path, ".."));
      const body = `{"files":{${JSON.stringify(name)}:${JSON.stringify(documentText())}}}`;
      const answer = await other.call("POST", "/releases", { body, headers: { "content-type": "application/json" } });
      expect([201, 400, 422]).toContain(answer.status);
      const names = readdirSync(join(other.directory.path, ".."));
      expect(names.filter((found) => !before.includes(found) && found.includes("outside"))).toEqual([]);
      expect(other.logged.filter((line) => line.includes("request_failed"))).toEqual([]);
      expect({}).not.toHaveProperty("flags");
    } finally {
      await other.close();
    }
  },
);
