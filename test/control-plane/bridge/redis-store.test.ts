import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openRedisStore } from "../../../control-plane/bridge/redis-store.ts";
import type { RedisStore } from "../../../control-plane/bridge/store.ts";
import { freePort } from "../../free-port.ts";
import { clientOf, fullToken, startTestBridge } from "./backend.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";

const unreachable = { error: expect.stringMatching(/^ERR Redis is unreachable/), unavailable: true };

async function timed<T>(work: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await work;
  return { value, ms: performance.now() - start };
}

describe("a Redis that isn't there", () => {
  let store: RedisStore;
  const faults: Error[] = [];
  beforeEach(async () => {
    store = await openRedisStore({
      url: `redis://127.0.0.1:${await freePort()}`,
      onFault: (fault) => faults.push(fault),
    });
  });
  afterEach(async () => {
    await store.close();
  });

  test("is an error at once for commands, transactions and subscriptions, and is told to the log", async () => {
    for (const work of [
      store.command(["GET", "k"]),
      store.multi([["GET", "k"]]),
      store.subscribe({ channel: "c" }, () => {}),
    ]) {
      const { value, ms } = await timed<unknown>(work);
      expect(value).toEqual(unreachable);
      expect(ms).toBeLessThan(500);
    }
    expect(faults[0]?.message).toContain("ECONNREFUSED");
  });

  test("is 503 through the bridge, and an error in the client", async () => {
    const bridge = await startTestBridge(store);
    const headers = { authorization: `Bearer ${fullToken}` };
    for (const [path, body] of [
      ["/", '["GET","k"]'],
      ["/multi-exec", '[["GET","k"]]'],
      ["/subscribe/c", ""],
    ] as const) {
      const response = await fetch(bridge.url + path, { method: "POST", headers, body });
      expect(response.status).toBe(503);
    }
    await expect(clientOf({ url: bridge.url, token: fullToken }).get("k")).rejects.toThrow("Redis is unreachable");
    await bridge.close();
  });
});

describe.skipIf(!hasRedisServer)("a real Redis (skipped where no redis-server is on PATH)", () => {
  let server: RedisServer;
  let store: RedisStore;
  beforeEach(async () => {
    server = await startRedisServer();
    store = await openRedisStore({ url: server.url });
  });
  afterEach(async () => {
    await store.close();
    await server.close();
  });

  test("that hangs is an error within the bound", async () => {
    process.kill(server.pid, "SIGSTOP");
    const [command, multi, subscription] = await Promise.all([
      timed(store.command(["GET", "k"])),
      timed(store.multi([["GET", "k"]])),
      timed(store.subscribe({ channel: "c" }, () => {})),
    ]);
    process.kill(server.pid, "SIGCONT");
    for (const { value, ms } of [command, multi, subscription]) {
      expect(value).toEqual(unreachable);
      expect(ms).toBeLessThan(2_500);
    }
    await vi.waitFor(async () => expect(await store.command(["PING"])).toBe("PONG"));
    // The subscription that was given up must not live on behind the caller's back.
    await vi.waitFor(async () => expect(await store.command(["PUBLISH", "c", "m"])).toBe(0), 5_000);
  });

  test("that comes back is used again, and its subscriptions are renewed", async () => {
    const heard: string[] = [];
    await store.subscribe({ channel: "c" }, (message) => heard.push(message));
    await store.subscribe({ pattern: "c*" }, (message) => heard.push(`p:${message}`));
    const port = Number(new URL(server.url).port);
    await server.close();
    await vi.waitFor(async () => expect(await store.command(["PING"])).toEqual(unreachable));
    server = await startRedisServer(port);
    await vi.waitFor(async () => expect(await store.command(["PING"])).toBe("PONG"), 10_000);
    await vi.waitFor(async () => expect(await store.command(["PUBLISH", "c", "after"])).toBe(2), 10_000);
    await vi.waitFor(() => expect(heard).toEqual(expect.arrayContaining(["after", "p:after"])));
  });

  test("keeps bytes that aren't UTF-8, and the bridge hands them out in base64", async () => {
    await store.command(["SETBIT", "k", "0", "1"]);
    expect(await store.command(["GET", "k"])).toEqual(Buffer.from([0x80]));
    expect(await store.multi([["GET", "k"]])).toEqual([Buffer.from([0x80])]);
    const bridge = await startTestBridge(await openRedisStore({ url: server.url }));
    const request = { method: "POST", body: '["GET","k"]' };
    const headers = { authorization: `Bearer ${fullToken}` };
    const encoded = await fetch(bridge.url, { ...request, headers: { ...headers, "upstash-encoding": "base64" } });
    expect(await encoded.json()).toEqual({ result: "gA==" });
    expect(await (await fetch(bridge.url, { ...request, headers })).json()).toEqual({ result: "\ufffd" });
    await bridge.close();
  });

  test("sees a transaction as one, whatever else is sent in the same turn", async () => {
    const turns = Array.from({ length: 50 }, () => [
      store.command(["SET", "k", "between"]),
      store.multi([
        ["SET", "k", "inside"],
        ["GET", "k"],
      ]),
    ]).flat();
    const replies = await Promise.all(turns);
    for (const reply of replies.filter(Array.isArray)) expect(reply).toEqual(["OK", Buffer.from("inside")]);
  });

  test("has several subscriptions of one channel over one connection, each ended by itself", async () => {
    const heard: string[] = [];
    const ends = await Promise.all(
      ["a", "b"].map((name) => store.subscribe({ channel: "c" }, (message) => heard.push(name + message))),
    );
    await store.command(["PUBLISH", "c", "1"]);
    await vi.waitFor(() => expect(heard.sort()).toEqual(["a1", "b1"]));
    (ends[0] as () => void)();
    await store.command(["PUBLISH", "c", "2"]);
    await vi.waitFor(() => expect(heard).toContain("b2"));
    expect(heard).not.toContain("a2");
  });
});
