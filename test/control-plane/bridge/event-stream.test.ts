import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { createEventStreams } from "../../../control-plane/bridge/event-stream.ts";
import { type BridgeServer } from "../../../control-plane/bridge/start.ts";
import type { RedisStore } from "../../../control-plane/bridge/store.ts";
import { fullToken, startTestBridge } from "./backend.ts";
import { call } from "./raw-call.ts";

let store: RedisStore;
let bridge: BridgeServer;

beforeAll(async () => {
  store = createEmbeddedStore({ now: Date.now, scripts: [] });
  bridge = await startTestBridge(store);
});
afterAll(async () => {
  await bridge.close();
});

/** What a stream has said once it holds `count` events, the message having been published after the first. */
async function eventsOf(path: string, count: number, channel: string, message: string): Promise<string> {
  const response = await call(bridge.url, { path });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value ?? "";
  await store.command(["PUBLISH", channel, message]);
  while (text.split("\n\n").length <= count) text += (await reader.read()).value ?? "";
  await reader.cancel();
  return text;
}

describe("event streams", () => {
  test("begin with the subscription, then carry messages", async () => {
    expect(await eventsOf("/subscribe/c", 2, "c", "a,b")).toBe("data: subscribe,c,1\n\ndata: message,c,a,b\n\n");
    expect(await eventsOf("/psubscribe/*", 2, "c", "a,b")).toBe("data: psubscribe,*,1\n\ndata: pmessage,*,c,a,b\n\n");
  });

  test("may have several channels", async () => {
    const events = "data: subscribe,c,1\n\ndata: subscribe,d,2\n\ndata: message,d,m\n\n";
    expect(await eventsOf("/subscribe/c/d", 3, "d", "m")).toBe(events);
  });

  test("keep a payload of several lines in one event", async () => {
    const events = "data: subscribe,c,1\n\ndata: message,c,a\ndata:message,c,forged\ndata:\n\n";
    expect(await eventsOf("/subscribe/c", 2, "c", "a\nmessage,c,forged\r\n")).toBe(events);
  });

  test("end when the reader leaves", async () => {
    await eventsOf("/subscribe/leaving", 2, "leaving", "m");
    await vi.waitFor(async () => expect(await store.command(["PUBLISH", "leaving", "m"])).toBe(0));
  });

  test("end when the reader leaves before they begin", async () => {
    const inner = createEmbeddedStore({ now: Date.now, scripts: [] });
    let proceed: (() => void) | undefined;
    const slow = await startTestBridge({
      ...inner,
      async subscribe(topic, listener) {
        await new Promise<void>((resolve) => (proceed = resolve));
        return inner.subscribe(topic, listener);
      },
    });
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${fullToken}` };
    const request = fetch(`${slow.url}/subscribe/c`, { method: "POST", headers, signal: leave.signal });
    await vi.waitFor(() => expect(proceed).toBeDefined());
    leave.abort();
    await expect(request).rejects.toThrow("aborted");
    proceed?.();
    await vi.waitFor(async () => expect(await inner.command(["PUBLISH", "c", "m"])).toBe(0));
    await slow.close();
  });

  test("cut off a reader that doesn't keep up", async () => {
    const response = await call(bridge.url, { path: "/subscribe/slow" });
    const message = "x".repeat(1024 * 1024);
    let reached: unknown = 1;
    for (let i = 0; i < 100 && reached === 1; i++) {
      reached = await store.command(["PUBLISH", "slow", message]);
      await new Promise(setImmediate);
    }
    expect(reached).toBe(0);
    await response.body?.cancel();
  });

  test("end with the bridge, which closes at once and lets other requests end", async () => {
    const inner = createEmbeddedStore({ now: Date.now, scripts: [] });
    let answer: (() => void) | undefined;
    const slow: RedisStore = {
      ...inner,
      command: () => new Promise((resolve) => (answer = () => resolve("late"))),
    };
    const closing = await startTestBridge(slow);
    const stream = await call(closing.url, { path: "/subscribe/c" });
    const request = call(closing.url, { body: '["GET","k"]' });
    await vi.waitFor(() => expect(answer).toBeDefined());
    const start = performance.now();
    const closed = closing.close();
    expect(await stream.text()).toBe("data: subscribe,c,1\n\n");
    answer?.();
    expect(await (await request).json()).toEqual({ result: "late" });
    await closed;
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("are bounded in number, and one that ends makes room", async () => {
    const streams = createEventStreams(store);
    const open = () => streams.open([{ channel: "many" }]);
    const [first] = await Promise.all(Array.from({ length: 1_000 }, open));
    expect(await open()).toEqual({ error: "ERR max number of clients reached" });
    await (first as ReadableStream).cancel();
    expect(await open()).toBeInstanceOf(ReadableStream);
    streams.endAll();
    expect(await store.command(["PUBLISH", "many", "m"])).toBe(0);
  });
});
