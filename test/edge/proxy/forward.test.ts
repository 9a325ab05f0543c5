import { afterEach, describe, expect, test, vi } from "vitest";
import type { Entries } from "../../../shared/document/entry.ts";
import { splitEntries } from "../entries.ts";
import { codeOf, routedMesh, type RoutedMesh } from "../routed-mesh.ts";
import { host } from "../signed-log.ts";

const ada = { "x-user-id": "ada" };
const unreachable = (): Promise<Response> => Promise.reject(new Error("connection refused"));

/** `on` falls back to `off`, and that to `spare`. */
const withFallbacks = splitEntries(
  100_000,
  {},
  {
    "backend:on": { service: "ON", fallback: "off" },
    "backend:off": { service: "OFF", fallback: "spare" },
    "backend:spare": { service: "SPARE" },
  },
);

/** What the client gets, and what was sent for it. */
async function outcome(mesh: RoutedMesh, init: RequestInit): Promise<unknown[]> {
  const response = await mesh.fetch("/", { headers: ada, ...init });
  const text =
    response.headers.get("content-type") === "application/problem+json"
      ? await codeOf(response)
      : await response.text();
  return [response.status, text, mesh.sent.map(({ binding }) => binding).join(" ")];
}

describe("a backend that can't be reached", () => {
  test.each<[string, RequestInit, unknown[]]>([
    ["GET", {}, [200, "SPARE", "ON OFF SPARE"]],
    ["HEAD", { method: "HEAD" }, [200, "", "ON OFF SPARE"]],
    ["OPTIONS", { method: "OPTIONS" }, [200, "SPARE", "ON OFF SPARE"]],
    ["GET with an empty body", { headers: { ...ada, "content-length": "0" } }, [200, "SPARE", "ON OFF SPARE"]],
    ["OPTIONS with a body", { method: "OPTIONS", body: "x" }, [502, "backend_unreachable", "ON"]],
    ["POST", { method: "POST", body: "x" }, [502, "backend_unreachable", "ON"]],
    ["POST without a body", { method: "POST" }, [502, "backend_unreachable", "ON"]],
    ["PUT", { method: "PUT", body: "x" }, [502, "backend_unreachable", "ON"]],
    ["PATCH", { method: "PATCH", body: "x" }, [502, "backend_unreachable", "ON"]],
    ["DELETE", { method: "DELETE" }, [502, "backend_unreachable", "ON"]],
  ])("is asked for %s, and its fallbacks only where that can't hurt", async (_, init, expected) => {
    const mesh = await routedMesh(withFallbacks);
    mesh.answers.set("ON", unreachable);
    mesh.answers.set("OFF", unreachable);
    expect(await outcome(mesh, init)).toEqual(expected);
  });

  test("whose fallbacks can't either ends in one problem that names the routed one", async () => {
    const mesh = await routedMesh(withFallbacks);
    for (const binding of ["ON", "OFF", "SPARE"]) mesh.answers.set(binding, unreachable);
    const response = await mesh.fetch("/", { headers: ada });
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ code: "backend_unreachable", detail: "backend on gave no answer" }),
    ]);
    expect(mesh.logged).toHaveLength(3);
  });

  test("is told of under the name of the one who answered instead", async () => {
    const entries = new Map([...withFallbacks, ["settings", { identity: [], debugHeaders: true }]]) as Entries;
    const mesh = await routedMesh(entries, {});
    mesh.answers.set("OFF", unreachable);
    const response = await mesh.fetch("/");
    expect([response.headers.get("x-flagmesh-variant"), response.headers.get("x-flagmesh-backend")]).toEqual([
      "off",
      "spare",
    ]);
  });
});

test("backends that fall back to each other are asked once each", async () => {
  const mesh = await routedMesh(
    splitEntries(
      100_000,
      {},
      {
        "backend:on": { service: "ON", fallback: "off" },
        "backend:off": { service: "OFF", fallback: "on" },
      },
    ),
  );
  mesh.answers.set("ON", unreachable);
  mesh.answers.set("OFF", unreachable);
  expect(await outcome(mesh, {})).toEqual([502, "backend_unreachable", "ON OFF"]);
});

describe("a backend whose binding is not deployed", () => {
  test("falls back whatever the method: nothing was sent", async () => {
    const mesh = await routedMesh(withFallbacks);
    delete mesh.env["ON"];
    expect(await outcome(mesh, { method: "POST", body: "x" })).toEqual([200, "OFF", "OFF"]);
  });

  test("is a problem where it has no fallback", async () => {
    const mesh = await routedMesh(splitEntries(100_000));
    mesh.env["ON"] = "a variable, no binding";
    expect(await outcome(mesh, {})).toEqual([502, "backend_binding_missing", ""]);
  });
});

test("an answer is an answer: 5xx from a backend is passed on as it is", async () => {
  const mesh = await routedMesh(withFallbacks);
  mesh.answers.set("ON", () => new Response("broken", { status: 503, headers: { "retry-after": "9" } }));
  expect(await outcome(mesh, {})).toEqual([503, "broken", "ON"]);
});

test("redirects are the client's to follow", async () => {
  const mesh = await routedMesh(withFallbacks);
  mesh.answers.set("ON", ({ redirect }) => {
    return new Response(null, { status: 302, headers: { location: `/elsewhere?${redirect}` } });
  });
  const response = await mesh.fetch("/", { headers: ada });
  expect([response.status, response.headers.get("location")]).toEqual([302, "/elsewhere?manual"]);
});

describe("a backend with several endpoints", () => {
  const hosts = ["a", "b", "c"].map((name) => `https://${name}.example.net`);
  const entries = splitEntries(
    100_000,
    { identity: [{ header: "x-user-id" }] },
    {
      "backend:on": { endpoints: hosts.map((url) => ({ url, weight: 1 })), fallback: "off" },
    },
  );
  const down = new Set<string>();
  const asked: string[] = [];

  const start = (): Promise<RoutedMesh> => {
    down.clear();
    asked.length = 0;
    vi.stubGlobal("fetch", async (url: string) => {
      const { origin } = new URL(url);
      asked.push(origin);
      if (down.has(origin)) throw new Error("connection refused");
      return new Response(origin);
    });
    return routedMesh(entries);
  };
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("serves one identity from one endpoint, asks a second where that is down, then the fallback", async () => {
    const mesh = await start();
    const first = await (await mesh.fetch("/", { headers: ada })).text();
    expect(await (await mesh.fetch("/other", { headers: ada })).text()).toBe(first);
    down.add(first);
    const second = await (await mesh.fetch("/", { headers: ada })).text();
    expect(asked.slice(-2)).toEqual([first, second]);
    down.add(second);
    expect(await (await mesh.fetch("/", { headers: ada })).text()).toBe("OFF");
    expect(asked.slice(-2)).toEqual([first, second]);
  });

  test("is sent a POST once, whatever becomes of it", async () => {
    const mesh = await start();
    for (const host of hosts) down.add(host);
    const response = await mesh.fetch("/", { method: "POST", body: "order", headers: ada });
    expect([response.status, asked.length, mesh.sent]).toEqual([502, 1, []]);
  });

  test("shares out requests that have no identity", async () => {
    const mesh = await start();
    // Route by its default: without an identity nobody is in the rollout.
    mesh.store.show(
      await mesh.log.publish({
        entries: new Map([...entries, ["route:split", { match: { host }, backend: "on" }]]),
        time: Math.floor(mesh.time.now() / 1_000),
      }),
    );
    await mesh.time.advance(5_000);
    await mesh.isolate.request();
    await mesh.time.settle();
    for (let i = 0; i < 40; i++) await mesh.fetch("/");
    expect(new Set(asked)).toEqual(new Set(hosts));
  });
});
