/** The main job: YAML in, and requests split between two containers by the percentage that was published. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitDocument, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";

const fewUsers = 2_000;
const manyUsers = 10_000;
let mesh: TestMesh;
let on: TestBackend;
let off: TestBackend;

beforeAll(async () => {
  [on, off] = [await startBackend("on"), await startBackend("off")];
  mesh = await startMesh();
});

afterAll(async () => {
  await mesh.close();
  await Promise.all([on.close(), off.close()]);
});

/** Which of the first so many users are served by `on`, through the router. */
async function servedOn(users: number): Promise<ReadonlySet<number>> {
  const served = new Set<number>();
  let next = 0;
  const client = async (): Promise<void> => {
    for (let user = next++; user < users; user = next++) {
      const answer = await mesh.get("/", { "x-user-id": `user-${user}` });
      if ((await answer.text()) === "on") served.add(user);
    }
  };
  await Promise.all(Array.from({ length: 32 }, client));
  return served;
}

test("a published percentage splits users, a larger one keeps who was in, and a kill sends all to the default", async () => {
  expect((await mesh.push(splitDocument(on, off, 10))).status).toBe(201);
  await mesh.until(({ release }) => release === 0);
  const ten = await servedOn(fewUsers);
  expect(ten.size / fewUsers).toBeGreaterThan(0.08);
  expect(ten.size / fewUsers).toBeLessThan(0.12);

  expect((await mesh.push(splitDocument(on, off, 50))).status).toBe(201);
  await mesh.until(({ release }) => release === 1);
  const fifty = await servedOn(manyUsers);
  expect(fifty.size / manyUsers).toBeGreaterThan(0.485);
  expect(fifty.size / manyUsers).toBeLessThan(0.515);
  expect([...ten].filter((user) => !fifty.has(user))).toEqual([]);

  const killedAt = Date.now();
  expect((await mesh.api("/flags/split/kill", { method: "POST" })).status).toBe(201);
  const [someone] = ten;
  await mesh.until(({ release }) => release === 2);
  expect(Date.now() - killedAt).toBeLessThan(1_000);
  const answer = await mesh.get("/", { "x-user-id": `user-${someone}` });
  expect(await answer.text()).toBe("off");
  expect(answer.headers.get("x-flagmesh-reason")).toBe("DISABLED");
}, 90_000);

test("a visitor without an identity is given one, and stays where the first answer came from", async () => {
  await mesh.api("/flags/split/revive", { method: "POST" });
  await mesh.until(({ release }) => release === 3);
  const first = await mesh.get("/");
  const cookie = first.headers.getSetCookie()[0] ?? "";
  expect(cookie).toMatch(/^flagmesh_id=[0-9a-f-]{36}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=31536000$/);
  const name = await first.text();
  for (let i = 0; i < 5; i++) {
    const again = await mesh.get("/", { cookie: cookie.split(";")[0] ?? "" });
    expect(again.headers.getSetCookie()).toEqual([]);
    expect(await again.text()).toBe(name);
  }
});
