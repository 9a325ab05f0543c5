import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { type BridgeServer } from "../../../control-plane/bridge/start.ts";
import { edgePattern, edgeToken, startTestBridge } from "./backend.ts";
import { answerTo, call } from "./raw-call.ts";

let bridge: BridgeServer;

beforeAll(async () => {
  bridge = await startTestBridge(createEmbeddedStore({ now: Date.now, scripts: [] }));
});
afterAll(async () => {
  await bridge.close();
});

describe("the edge's read-only token", () => {
  const own = "flagmesh:{a/b}:pub:head";
  const permitted = [
    ["GET", own],
    ["MGET", own, "flagmesh:{c/d}:pub:fresh"],
    ["STRLEN", own],
    ["EXISTS", own],
    ["TYPE", own],
    ["TTL", own],
    ["LRANGE", "flagmesh:{a/b}:pub:leaves", 0, -1],
    ["LLEN", "flagmesh:{a/b}:pub:leaves"],
    ["LINDEX", "flagmesh:{a/b}:pub:leaves", 0],
    ["PING"],
    ["ECHO", "x"],
  ];
  test.each(permitted)("may %s what edges read", async (...line) => {
    expect(await answerTo(bridge.url, { token: edgeToken, body: JSON.stringify(line) })).toHaveProperty("result");
  });

  const otherKeys = [
    ["GET", "flagmesh:{a/b}:cp:lock:1"],
    ["GET", "flagmesh:cp:tokens"],
    ["MGET", own, "flagmesh:{a/b}:cp:stream"],
    ["EXISTS", "x"],
    ["LRANGE", "flagmesh:{a/b}:cp:audit", 0, -1],
    ["get", "FLAGMESH:{a/b}:pub:head"],
  ];
  test.each(otherKeys)("may not %s %s", async (...line) => {
    const response = await call(bridge.url, { token: edgeToken, body: JSON.stringify(line) });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: "NOPERM this user has no permissions to access one of the keys used as arguments",
    });
  });

  const otherCommands = [
    ["SET", own, "v"],
    ["DEL", own],
    ["EXPIRE", own, 1],
    ["RPUSH", own, "x"],
    ["KEYS", "*"],
    ["SCAN", 0],
    ["FLUSHALL"],
    ["DBSIZE"],
    ["PUBLISH", "flagmesh:{a/b}:pub:events", "m"],
    ["EVAL", "return 1", 0],
    ["EVALSHA", "x", 0],
    ["SCRIPT", "LOAD", "x"],
    ["NOSUCH"],
  ];
  test.each(otherCommands)("may not send %s", async (...line) => {
    const expected = {
      error: `NOPERM this user has no permissions to run the '${String(line[0]).toLowerCase()}' command`,
    };
    expect(await answerTo(bridge.url, { token: edgeToken, body: JSON.stringify(line) })).toEqual(expected);
    expect(
      await answerTo(bridge.url, { token: edgeToken, path: "/pipeline", body: JSON.stringify([["PING"], line]) }),
    ).toEqual([{ result: "PONG" }, expected]);
    expect(
      await answerTo(bridge.url, { token: edgeToken, path: "/multi-exec", body: JSON.stringify([["PING"], line]) }),
    ).toEqual({
      error: `EXECABORT Transaction discarded because of: ${expected.error}`,
    });
    const path = `/${line.map((word) => encodeURIComponent(word)).join("/")}`;
    expect(await answerTo(bridge.url, { token: edgeToken, path, method: "GET" })).toEqual(expected);
  });

  const topics = [
    ["/subscribe/flagmesh:%7Ba%2Fb%7D:pub:events", 200],
    [`/psubscribe/${edgePattern}`, 200],
    ["/subscribe/flagmesh:%7Ba%2Fb%7D:cp:events", 400],
    ["/subscribe/flagmesh:%7Ba/b%7D:pub:events", 400],
    ["/psubscribe/*", 400],
    ["/psubscribe/flagmesh:*:pub:events", 400],
  ] as const;
  test.each(topics)("%s answers %d", async (path, status) => {
    const response = await call(bridge.url, { token: edgeToken, path });
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });
});
