/** Kills, revivals and stages through the API. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { actor, bundleOf, mesh, startApi, type Answer, type LiveApi } from "../api/live-api.ts";
import { documentText, lockOf } from "./test-document.ts";

let api: LiveApi;

beforeEach(async () => {
  api = await startApi();
  await api.push(documentText());
});
afterEach(() => api.close());

const kill = (flag: string, headers = {}) => api.call("POST", `/flags/${flag}/kill`, { headers });
const revive = (flag: string) => api.call("POST", `/flags/${flag}/revive`);
const stage = (flag: string, percent: unknown) =>
  api.call("POST", `/flags/${flag}/stage`, { body: JSON.stringify({ percent }) });
const codeOf = ({ status, body }: Answer): readonly [number, unknown] => [status, body["code"]];
const flag = async (key: string) => (await api.call("GET", `/flags/${key}`)).body;

test("a kill sends everyone to the default, a revival takes it back, each with a release of its own", async () => {
  expect(await flag("checkout")).toMatchObject({ status: "enabled", shares: { on: 10, off: 90 }, overlay: null });
  const killed = await kill("checkout", { "x-flagmesh-message": "orders%20fail" });
  expect([killed.status, killed.headers.get("etag")]).toEqual([201, '"1"']);
  expect(killed.body).toMatchObject({
    release: 1,
    revision: 1,
    overlay: { checkout: { kill: true } },
    message: "orders fail",
  });
  expect(await flag("checkout")).toMatchObject({ status: "killed", shares: { off: 100 }, overlay: { kill: true } });
  expect((await revive("checkout")).body).toMatchObject({ created: true, release: 2, revision: 1, overlay: {} });
  expect(await flag("checkout")).toMatchObject({ status: "enabled", shares: { on: 10, off: 90 } });
});

test("a stage moves a flag to a listed percent, and to no other", async () => {
  expect((await stage("search", 50)).body).toMatchObject({ created: true, overlay: { search: { stage: 50 } } });
  expect(await flag("search")).toMatchObject({ shares: { on: 50, off: 50 }, steps: [5, 50, 100] });
  for (const percent of [51, 0, -5, 1e308]) {
    expect([percent, ...codeOf(await stage("search", percent))]).toEqual([percent, 422, "stage_unknown"]);
  }
  expect(codeOf(await stage("checkout", 10))).toEqual([422, "stage_unknown"]);
  for (const percent of ["50", null, undefined, [50], { value: 50 }, true]) {
    expect(codeOf(await stage("search", percent))).toEqual([400, "bad_request"]);
  }
  expect(await flag("search")).toMatchObject({ shares: { on: 50, off: 50 } });
});

test("what is so already makes no release", async () => {
  expect((await kill("checkout")).status).toBe(201);
  expect([(await kill("checkout")).status, (await kill("checkout")).body["created"]]).toEqual([200, false]);
  expect((await stage("search", 50)).status).toBe(201);
  expect((await stage("search", 50)).status).toBe(200);
  expect((await revive("f0")).status).toBe(200);
  expect((await api.call("GET", "/releases")).body["releases"]).toHaveLength(3);
});

test.each([
  "none",
  "__proto__",
  "constructor",
  "check%6Fut%2F",
  "%00",
  "a".repeat(5_000),
  "flag:checkout",
  "%F0%9F%91%A9",
])("the unknown flag %s is named as such", async (key) => {
  for (const answer of [
    await kill(key),
    await revive(key),
    await stage(key, 50),
    await api.call("GET", `/flags/${key}`),
  ]) {
    expect(codeOf(answer)).toEqual([404, "flag_unknown"]);
  }
});

test("a stage doesn't bring a killed flag back", async () => {
  await stage("search", 50);
  await kill("search");
  expect(codeOf(await stage("search", 100))).toEqual([409, "flag_killed"]);
  expect(await flag("search")).toMatchObject({ status: "killed" });
  await revive("search");
  // The kill took the stage's place: a revived flag is where its lock says.
  expect(await flag("search")).toMatchObject({ status: "enabled", shares: { on: 5, off: 95 } });
});

test("ten flags killed at once are all killed", async () => {
  const flags = Array.from({ length: 10 }, (_, i) => `f${i}`);
  const answers = await Promise.all(flags.map((key) => kill(key)));
  expect(answers.map(({ status }) => status)).toEqual(flags.map(() => 201));
  expect(new Set(answers.map(({ body }) => body["release"])).size).toBe(10);
  const { body } = await api.call("GET", "/releases/10");
  expect(Object.keys(body["overlay"] as object).sort()).toEqual(flags);
});

test("kills among pushes are all made, and pushes among kills are made or told who won", async () => {
  const flags = Array.from({ length: 5 }, (_, i) => `f${i}`);
  const [kills, pushes] = await Promise.all([
    Promise.all(flags.map((key) => kill(key))),
    Promise.all([20, 30, 40].map((share) => api.push(documentText({ share })))),
  ]);
  expect(kills.map(({ status }) => status)).toEqual(flags.map(() => 201));
  for (const { status, body } of pushes) {
    expect([201, 409]).toContain(status);
    expect(body["winner"] === undefined).toBe(status === 201);
  }
  const { body } = await api.call("GET", "/flags");
  const killed = (body["flags"] as { key: string; status: string }[]).filter(({ status }) => status === "killed");
  expect(killed.map(({ key }) => key).sort()).toEqual(flags);
});

test("a kill on a release that is no longer the newest is refused", async () => {
  expect((await kill("f0", { "if-match": '"0"' })).status).toBe(201);
  const late = await kill("f1", { "if-match": '"0"' });
  expect(codeOf(late)).toEqual([412, "precondition_failed"]);
  expect(late.body["winner"]).toMatchObject({ release: 1, actor });
});

describe("a push", () => {
  test("doesn't clear a kill, and keeps a stage", async () => {
    await kill("checkout");
    await stage("search", 100);
    const pushed = await api.push(documentText({ share: 60 }));
    expect(pushed.body).toMatchObject({ revision: 2, overlay: { checkout: { kill: true }, search: { stage: 100 } } });
    expect(await flag("checkout")).toMatchObject({ status: "killed", shares: { off: 100 } });
    expect(await flag("search")).toMatchObject({ shares: { on: 100 } });
  });

  test("that takes away a killed flag, or the step that a flag is at, is refused", async () => {
    await kill("f3");
    await stage("search", 50);
    const without = documentText().replace(/^ {2}f3: .*$/m, "");
    const otherSteps = documentText().replace("[5, 50, 100]", "[5, 60, 100]");
    for (const text of [without, otherSteps]) {
      const lock = (await api.call("GET", "/lock")).text;
      expect(codeOf(await api.push(text))).toEqual([422, "overlay_dangling"]);
      expect(codeOf(await api.push(bundleOf(text, lockOf(mesh, text, lock).text)))).toEqual([422, "overlay_dangling"]);
    }
    await revive("f3");
    expect((await api.push(without)).status).toBe(201);
  });
});

test("nothing can be killed in a mesh without a release, or in an unknown mesh", async () => {
  const empty = await startApi();
  try {
    expect(codeOf(await empty.call("POST", "/flags/checkout/kill"))).toEqual([404, "nothing_published"]);
    for (const name of ["acme/staging", "a/b%2Fc", "acme/..%2Fproduction", "A/B", "__proto__/x"]) {
      const answer = await empty.call("POST", `//v1/meshes/${name}/flags/checkout/kill`);
      expect([name, ...codeOf(answer)]).toEqual([name, 404, "mesh_unknown"]);
    }
  } finally {
    await empty.close();
  }
});
