import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { startBridge, type BridgeServer } from "../../../control-plane/bridge/start.ts";
import type { RedisStore } from "../../../control-plane/bridge/store.ts";
import { clientOf, fullToken, startTestBridge } from "./backend.ts";
import { answerTo, call } from "./raw-call.ts";

const requestBytesMax = 1_000;
let store: RedisStore;
let bridge: BridgeServer;

beforeAll(async () => {
  store = createEmbeddedStore({ now: Date.now, scripts: [] });
  bridge = await startTestBridge(store, requestBytesMax);
});
afterAll(async () => {
  await bridge.close();
});

describe("authentication", () => {
  test.each([
    ["no header", {}],
    ["another token", { authorization: "Bearer guess" }],
    ["an empty token", { authorization: "Bearer " }],
    ["a token's beginning", { authorization: `Bearer ${fullToken.slice(0, -1)}` }],
    ["a longer token", { authorization: `Bearer ${fullToken}x` }],
    ["another scheme", { authorization: `Basic ${fullToken}` }],
  ])("%s is refused with 401 on every path, before the body is looked at", async (_, headers) => {
    for (const path of ["/", "/pipeline", "/multi-exec", "/subscribe/c", "/get/k", "/nothing"]) {
      const response = await fetch(bridge.url + path, { method: "POST", headers, body: "not JSON" });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: "WRONGPASS invalid or missing auth token" });
    }
  });

  test("the client reports a wrong token as Redis words it", async () => {
    const client = clientOf({ url: bridge.url, token: "wrong" });
    await expect(client.get("k")).rejects.toThrow("WRONGPASS invalid or missing auth token");
  });

  test("a bridge without tokens lets nobody in", async () => {
    const closed = await startBridge({
      port: 0,
      store: createEmbeddedStore({ now: Date.now, scripts: [] }),
      tokens: [],
    });
    const response = await fetch(closed.url, {
      method: "POST",
      headers: { authorization: "Bearer " },
      body: '["PING"]',
    });
    expect(response.status).toBe(401);
    await closed.close();
  });
});

describe("requests", () => {
  const malformed = ["", "{", "{}", "[]", "null", '"PING"', '["GET",null]', '["GET",["k"]]', '["GET",{"k":1}]'];
  test.each(malformed)("a body %j that is no command is refused", async (body) => {
    const response = await call(bridge.url, { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR failed to parse command/) });
  });

  test.each([...malformed, '[["PING"],[]]', '[["PING"],"PING"]'])(
    "a body %j that is no pipeline runs nothing",
    async (body) => {
      for (const path of ["/pipeline", "/multi-exec"]) {
        const response = await call(bridge.url, { path, body });
        expect(response.status).toBe(400);
        expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR failed to parse/) });
      }
    },
  );

  test("a body of exactly the limit is taken, one byte more is not", async () => {
    const envelope = '["ECHO",""]'.length;
    const body = (size: number) => JSON.stringify(["ECHO", "x".repeat(size - envelope)]);
    expect((await call(bridge.url, { body: body(requestBytesMax) })).status).toBe(200);
    const refused = await call(bridge.url, { body: body(requestBytesMax + 1) });
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({
      error: "ERR max request size exceeded. Limit: 1000 bytes, Actual: 1001 bytes",
    });
  });

  test("the client reports a request over 10 MiB as an error, and works on", async () => {
    const real = await startTestBridge(createEmbeddedStore({ now: Date.now, scripts: [] }));
    const client = clientOf({ url: real.url, token: fullToken });
    await expect(client.set("k", "x".repeat(10 * 1024 * 1024))).rejects.toThrow(
      "ERR max request size exceeded. Limit: 10485760 bytes",
    );
    expect(await client.ping()).toBe("PONG");
    await real.close();
  });

  test.each(["DELETE", "PATCH", "OPTIONS"])("the method %s is answered with 405", async (method) => {
    const response = await call(bridge.url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toContain("POST");
  });

  test("the sync token comes back", async () => {
    const response = await call(bridge.url, { body: '["PING"]', headers: { "upstash-sync-token": "abc=123" } });
    expect(response.headers.get("upstash-sync-token")).toBe("abc=123");
    expect((await call(bridge.url, { body: '["PING"]' })).headers.has("upstash-sync-token")).toBe(false);
  });

  test("a response format other than JSON is refused", async () => {
    expect((await call(bridge.url, { body: '["PING"]', headers: { "upstash-response-format": "resp2" } })).status).toBe(
      400,
    );
  });

  test("commands that belong to one connection, or would block it, are refused", async () => {
    const lines = [
      ["BLPOP", "k", 0],
      ["SUBSCRIBE", "c"],
      ["MULTI"],
      ["select", 1],
      ["CONFIG", "GET", "*"],
      ["SHUTDOWN"],
      ["XREAD", "block", 0, "STREAMS", "s", "$"],
    ];
    for (const line of lines) {
      expect(await answerTo(bridge.url, { body: JSON.stringify(line) })).toEqual({
        error: expect.stringMatching(/^ERR Command is not available/),
      });
    }
  });

  const paths = [
    ["GET", "/set/path-key/v%20%2F%C3%A9", undefined, "OK"],
    ["GET", "/get/path-key", undefined, "v /é"],
    ["POST", "/set/path-key", "from the body", "OK"],
    ["GET", "/get/path-key/", undefined, "from the body"],
    ["PUT", "/set/path-key?EX=100", '{"json":1}', "OK"],
    ["GET", "/ttl/path-key", undefined, 100],
    ["GET", "/mget/path-key/nothing", undefined, ['{"json":1}', null]],
    ["POST", "/set/path-key/v?NX", undefined, null],
  ] as const;
  test("commands in the path are read as Upstash reads them", async () => {
    for (const [method, path, body, result] of paths) {
      expect(await answerTo(bridge.url, { method, path, ...(body === undefined ? {} : { body }) })).toEqual({ result });
    }
  });

  test("a path that isn't percent-encoded UTF-8 is refused", async () => {
    expect((await call(bridge.url, { path: "/get/%ff", method: "GET" })).status).toBe(400);
  });

  test("base64 is for every string but the status OK", async () => {
    const headers = { "upstash-encoding": "base64" };
    const body = JSON.stringify([
      ["SET", "k64", "é"],
      ["GET", "k64"],
      ["MGET", "k64", "none"],
      ["INCR", "n64"],
      ["GET", "none"],
      ["INCR", "k64"],
    ]);
    expect(await answerTo(bridge.url, { path: "/pipeline", headers, body })).toEqual([
      { result: "OK" },
      { result: "w6k=" },
      { result: ["w6k=", null] },
      { result: 1 },
      { result: null },
      { error: "ERR value is not an integer or out of range" },
    ]);
  });
});

test("starting on a port that is taken rejects", async () => {
  const port = Number(new URL(bridge.url).port);
  await expect(startBridge({ port, store, tokens: [] })).rejects.toThrow("EADDRINUSE");
});
