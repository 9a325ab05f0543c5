import { describe, expect, test } from "vitest";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import { compileFlags } from "../../shared/flags/compile.ts";
import { splitEntries } from "./entries.ts";
import { startSeconds } from "./fake-time.ts";
import { times } from "./isolate.ts";
import { codeOf, routedMesh, type RoutedMesh } from "./routed-mesh.ts";
import { host, pinsWith, renew } from "./signed-log.ts";

const { maxStale } = pinsWith();
const everybodyOn = splitEntries(100_000);
const as = (user: string): RequestInit => ({ headers: { "x-user-id": user } });

describe("a warm request", () => {
  test.each(["GET", "HEAD", "POST", "OPTIONS"])(
    "of %s is sent on in the same turn, and its store isn't touched",
    async (method) => {
      const mesh = await routedMesh(everybodyOn);
      const reads = mesh.store.reads();
      const answer = mesh.fetch("/", { ...as("ada"), method });
      // Nothing was awaited: not one promise, whoever made it.
      expect(mesh.sent.map(({ binding }) => binding)).toEqual(["ON"]);
      expect((await answer).status).toBe(200);
      expect(mesh.store.reads()).toBe(reads);
    },
  );

  test("doesn't wait for the look that it leaves to run", async () => {
    const mesh = await routedMesh(everybodyOn);
    mesh.store.mode = "hang";
    await mesh.time.advance(times.pollMs);
    const looks = mesh.store.looks();
    const answer = mesh.fetch("/", as("ada"));
    expect([mesh.sent.length, mesh.store.looks() - looks]).toEqual([1, 1]);
    await answer;
  });

  test("in whose answer nothing must change gets the backend's own response", async () => {
    const mesh = await routedMesh(everybodyOn);
    const own = new Response("as it is", {
      headers: { connection: "keep-alive", "keep-alive": "timeout=5", "content-encoding": "identity" },
    });
    mesh.answers.set("ON", () => own);
    expect(await mesh.fetch("/", as("ada"))).toBe(own);
  });
});

test("a response that is changed keeps its status, its cookies and its body", async () => {
  const mesh = await routedMesh(everybodyOn);
  mesh.answers.set("ON", () => {
    const headers = new Headers({ connection: "x-internal", "x-internal": "1", "x-flagmesh-backend": "forged" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response("kept", { status: 418, headers });
  });
  const response = await mesh.fetch("/");
  expect([response.status, await response.text()]).toEqual([418, "kept"]);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2", expect.stringMatching(/^flagmesh_id=/)]);
  expect([...response.headers.keys()].filter((name) => name.startsWith("x-"))).toEqual([]);
});

const debugHeaders = (response: Response): Record<string, string> =>
  Object.fromEntries([...response.headers].filter(([name]) => name.startsWith("x-flagmesh-")));

describe("debug headers", () => {
  test("stand only where settings ask for them", async () => {
    const quiet = await routedMesh(everybodyOn, { onStale: "serve" });
    await quiet.time.advance((maxStale + 1) * 1_000);
    quiet.store.mode = "fail";
    expect(debugHeaders(await quiet.fetch("/", as("ada")))).toEqual({});

    const mesh = await routedMesh(splitEntries(100_000, { debugHeaders: true }));
    expect(debugHeaders(await mesh.fetch("/", as("ada")))).toEqual({
      "x-flagmesh-release": "0",
      "x-flagmesh-backend": "on",
      "x-flagmesh-flag": "split",
      "x-flagmesh-variant": "on",
      "x-flagmesh-reason": "SPLIT",
    });
  });

  test("encode names that are no header values", async () => {
    const entries = splitEntries(
      0,
      { debugHeaders: true },
      {
        "backend:größe\u2028": { service: "ON" },
        "route:split": { match: { host }, backend: "größe\u2028" },
      },
    );
    expect(debugHeaders(await (await routedMesh(entries)).fetch("/", as("ada")))).toEqual({
      "x-flagmesh-backend": "gr%C3%B6%C3%9Fe%E2%80%A8",
      "x-flagmesh-release": "0",
    });
  });
});

describe("a visitor without an identity", () => {
  test("is given one that the same request is already routed by", async () => {
    const mesh = await routedMesh(splitEntries(50_000));
    const flag = compileFlags(splitEntries(50_000), {}).get("split");
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const response = await mesh.fetch("/");
      const id = /^flagmesh_id=([^;]+);/.exec(response.headers.getSetCookie()[0] ?? "")?.[1] ?? "";
      const served = await response.text();
      expect(served).toBe(flag?.route({ targetingKey: id }, 0).variant === "on" ? "ON" : "OFF");
      const again = await mesh.fetch("/", { headers: { cookie: `other=1; flagmesh_id=${id}` } });
      expect([await again.text(), again.headers.getSetCookie()]).toEqual([served, []]);
      seen.add(served);
    }
    expect(seen).toEqual(new Set(["ON", "OFF"]));
  });
});

async function staleMesh(onStale: MeshPins["onStale"]): Promise<RoutedMesh> {
  const mesh = await routedMesh(splitEntries(100_000, { debugHeaders: true }), { onStale });
  mesh.store.mode = "fail";
  await mesh.time.advance((maxStale + 1) * 1_000);
  return mesh;
}

describe("a stale mesh", () => {
  test.each([
    ["serve", "ON", "SPLIT"],
    ["default-variant", "OFF", "STALE"],
  ] as const)("of which the deployment says %s goes to %s", async (onStale, served, reason) => {
    const mesh = await staleMesh(onStale);
    const response = await mesh.fetch("/", as("ada"));
    expect([await response.text(), response.headers.get("x-flagmesh-reason")]).toEqual([served, reason]);
    expect(response.headers.get("x-flagmesh-stale")).toBe("true");
  });

  test("of which the deployment says closed is served to nobody, and again once it is fresh", async () => {
    const mesh = await staleMesh("closed");
    const response = await mesh.fetch("/", as("ada"));
    expect([response.status, response.headers.get("retry-after"), await codeOf(response)]).toEqual([
      503,
      "1",
      "mesh_stale",
    ]);
    expect(mesh.sent).toEqual([]);
    mesh.store.mode = "ok";
    mesh.store.fresh = await renew(mesh.published, startSeconds + maxStale);
    await mesh.time.advance(times.checkedMaxMs);
    const later = mesh.fetch("/", as("ada"));
    await mesh.time.advance(10);
    expect(await (await later).text()).toBe("ON");
  });
});

describe("the router's own answers are problems with a code", () => {
  test("no verified configuration: 503, and when to come back", async () => {
    const mesh = await routedMesh(everybodyOn, {}, true);
    const response = await mesh.fetch("/", as("ada"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({
      status: 503,
      code: "no_verified_config",
      detail: expect.stringContaining("head_missing") as string,
    });
  });

  const narrow = splitEntries(
    100_000,
    {},
    {
      "route:split": {
        match: { host, path: "/shop/*", methods: ["GET"] },
        flag: "split",
        to: { on: "on", off: "off" },
      },
    },
  );
  test.each<[string, string, RequestInit, number, string]>([
    ["an unknown host", "https://other.example.com/", {}, 404, "unknown_host"],
    ["a mesh's host as a prefix", `https://${host}.evil.example/shop/`, {}, 404, "unknown_host"],
    ["a user name in front of the host", `https://${host}@evil.example/shop/`, {}, 400, "target_malformed"],
    ["a path without a route", "/admin", {}, 404, "no_route"],
    ["a method without a route", "/shop/", { method: "POST" }, 404, "no_route"],
    ["a path that leads out of its route", "/shop/../admin", {}, 404, "no_route"],
    ["TRACE", "/shop/", { method: "TRACE" }, 501, "method_not_supported"],
    [
      "a loop",
      "/shop/",
      { headers: { "cdn-loop": "flagmesh, cloudflare; loops=1, flagmesh;v=1,FlagMesh" } },
      508,
      "request_loop",
    ],
    ["an unknown name of its own", "/.well-known/flagmesh/secrets", {}, 404, "no_route"],
  ])("%s", async (_, path, init, status, code) => {
    const mesh = await routedMesh(narrow);
    const response = await mesh.fetch(path, init);
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
      status,
      "application/problem+json",
      "no-store",
    ]);
    expect(await codeOf(response)).toBe(code);
    expect(mesh.sent).toEqual([]);
  });

  test("a failure of the router itself, which says nothing of its inside", async () => {
    const mesh = await routedMesh(everybodyOn);
    Object.defineProperty(mesh.env, "ON", {
      get() {
        throw new Error("an inside");
      },
    });
    const response = await mesh.fetch("/", as("ada"));
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(await response.text()).not.toContain("inside");
    expect(mesh.logged).toEqual([expect.stringContaining("an inside")]);
  });
});

describe("its own endpoints", () => {
  test("health says what is served, how old it is, and what was refused", async () => {
    const mesh = await routedMesh(everybodyOn);
    mesh.store.head = "{}";
    await mesh.time.advance(times.pollMs);
    await mesh.isolate.request();
    await mesh.time.advance(2_000);
    const response = await mesh.fetch("/.well-known/flagmesh/health?verbose");
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toMatchObject({
      status: "ok",
      mesh: "acme/staging",
      release: 0,
      revision: 1,
      size: 1,
      freshAge: 7,
      checkedAge: 2,
      maxStale,
      hub: "none",
      failures: { head_malformed: 1 },
      lastFailure: { code: "head_malformed", step: 1 },
    });
    expect(mesh.sent).toEqual([]);
  });

  test("health answers where nothing is served, and where a stale mesh is closed", async () => {
    const cold = await routedMesh(everybodyOn, {}, true);
    const none = await cold.fetch("/.well-known/flagmesh/health");
    expect([none.status, await none.json()]).toEqual([503, expect.objectContaining({ status: "none" })]);
    const mesh = await routedMesh(everybodyOn, { onStale: "closed" });
    mesh.store.mode = "fail";
    await mesh.time.advance((maxStale + 1) * 1_000);
    const stale = await mesh.fetch("/.well-known/flagmesh/health");
    expect([stale.status, await stale.json()]).toEqual([200, expect.objectContaining({ status: "stale" })]);
  });

  test("checkpoint gives the signed note as it was signed", async () => {
    const mesh = await routedMesh(everybodyOn);
    const response = await mesh.fetch("/.well-known/flagmesh/checkpoint");
    const head = JSON.parse(mesh.published.head) as { checkpoint: string };
    expect(await response.text()).toBe(head.checkpoint);
  });
});
