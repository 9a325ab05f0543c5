/** The hub: new heads in milliseconds, a watermark that no cold isolate goes behind, and evidence of forks. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicKeys } from "../../shared/store/keys.ts";
import { meshId, splitDocument, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";

const keys = publicKeys(meshId);
/** So slow that whatever arrives sooner came over the hub. */
const pollMs = 3_000;
let mesh: TestMesh;
let on: TestBackend;
let off: TestBackend;

beforeAll(async () => {
  [on, off] = [await startBackend("on"), await startBackend("off")];
  mesh = await startMesh({ hub: true, pollMs });
  await mesh.push(splitDocument(on, off, 100));
  await mesh.until(({ release, hub }) => release === 0 && hub === "live");
});

afterAll(async () => {
  await mesh.close();
  await Promise.all([on.close(), off.close()]);
});

const served = async (): Promise<string> => (await mesh.get("/", { "x-user-id": "ada" })).text();
const read = async (key: string): Promise<string> => {
  const reply = await mesh.store.command(["GET", key]);
  return typeof reply === "string" ? reply : new TextDecoder().decode(reply as Uint8Array);
};
const operate = (verb: "kill" | "revive"): Promise<Response> => mesh.api(`/flags/split/${verb}`, { method: "POST" });
const tell = (body: string): Promise<Response> =>
  fetch(`${mesh.routerUrl()}/.well-known/flagmesh/hub`, { method: "POST", body });

test("a change reaches a busy isolate long before it would look at the store", async () => {
  const waits: number[] = [];
  for (let change = 0; change < 10; change++) {
    const wanted = change % 2 === 0 ? "off" : "on";
    expect((await operate(change % 2 === 0 ? "kill" : "revive")).status).toBe(201);
    const since = performance.now();
    while ((await served()) !== wanted) if (performance.now() - since > 2_000) throw new Error("not heard");
    waits.push(performance.now() - since);
  }
  waits.sort((a, b) => a - b);
  expect(waits[5]).toBeLessThan(200);
});

test("what is old or known is answered without looking at a signature, and what is forged is refused", async () => {
  const head = await read(keys.head);
  expect(await (await tell(JSON.stringify({ head, fresh: null }))).json()).toMatchObject({ outcome: "known" });
  const forged = head.replace(/\\n(\d+)\\n/, (_, size) => `\\n${Number(size) + 1}\\n`);
  const refused = await tell(JSON.stringify({ head: forged, fresh: null }));
  expect([refused.status, await refused.json()]).toEqual([422, expect.objectContaining({ code: "news_refused" })]);
  for (const body of ["", "{}", "[]", '{"head":1,"fresh":null}', "x".repeat(3_000_000)]) {
    expect((await tell(body)).status).toBe(400);
  }
});

test("a cold isolate goes no further back than the hub's watermark, whatever the store says", async () => {
  await operate("revive");
  await mesh.controlPlane().engine.renewFreshness(meshId);
  const old = { head: await read(keys.head), fresh: await read(keys.fresh) };
  expect((await operate("kill")).status).toBe(201);
  await until(async () => (await served()) === "off");

  await mesh.store.command(["SET", keys.head, old.head]);
  await mesh.restartRouter();
  const health = await mesh.until(({ lastFailure }) => lastFailure !== null);
  expect(health.lastFailure).toMatchObject({ code: "older_checkpoint", step: 4 });
  expect((await mesh.api("/restore", { method: "POST" })).status).toBe(200);
  await mesh.until(({ status }) => status === "ok");
  expect(await served()).toBe("off");
});

test("an isolate that starts while the store is away serves what the hub verified", async () => {
  await mesh.stopStore();
  await mesh.restartRouter();
  await mesh.until(({ status }) => status === "ok");
  expect(await served()).toBe("off");
  await mesh.startStore();
});

async function until(so: () => Promise<boolean>): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (await so()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("not so after 2 s");
}
