/** What every store must do, seen through the client that router and control plane use. */
import type { Redis } from "@upstash/redis";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { clientOf, type Backend, type Endpoint } from "./backend.ts";
import { errors, replies } from "./replies.ts";

/** A new name for each capital letter. */
function named(): (word: string) => string {
  const prefix = `flagmesh:{contract/${randomUUID()}}:pub:`;
  return (word) => (/^[A-Z]$/.test(word) ? prefix + word : word === "''" ? "" : word);
}

async function subscribed(subscriber: ReturnType<Redis["subscribe"]>, kind: "subscribe" | "psubscribe") {
  const confirmed = new Promise((resolve) => {
    subscriber.on(kind, resolve);
  });
  expect(await confirmed).toBe(1);
  return subscriber;
}

/** Runs within a `describe`. */
export function storeContract(backend: Backend): void {
  let endpoint: Endpoint;
  let redis: Redis;

  beforeAll(async () => {
    endpoint = await backend.open();
    redis = clientOf(endpoint);
  });
  afterAll(async () => {
    await endpoint.close();
  });

  async function last(commands: string): Promise<unknown> {
    const name = named();
    let reply: unknown;
    for (const command of commands.split(" | ")) {
      const [verb = "", ...words] = command.split(" ");
      reply = await redis.exec([verb, ...words.map(name)]);
    }
    return reply;
  }

  test.each(replies)("%s", async (_, commands, reply) => {
    await expect(last(commands)).resolves.toEqual(reply);
  });

  test.each(errors)("%s", async (_, commands, error) => {
    await expect(last(commands)).rejects.toThrow(error);
  });

  test.each(["12.5", "\0\r\n\t\u001f", "é 漢 👩‍👩‍👧 \u2028", '"quoted" \\', " "])(
    "the value %j survives",
    async (value) => {
      const key = named()("K");
      await redis.set(key, value);
      expect(await redis.get(key)).toBe(value);
    },
  );

  test("numbers and booleans are text to Redis", async () => {
    const key = named()("K");
    await redis.rpush<number | boolean>(key, 12.5, true);
    expect(await redis.lrange(key, 0, -1)).toEqual(["12.5", "true"]);
  });

  test("half a surrogate pair becomes the replacement character, in keys and values", async () => {
    const key = named()("K");
    await redis.set(`${key}\ud800`, "a\ud800");
    expect(await redis.get(`${key}\ufffd`)).toBe("a\ufffd");
  });

  test("values of 8 MiB pass in both directions, with either encoding", async () => {
    const key = named()("K");
    const value = "é👩".repeat((8 * 1024 * 1024) / 6);
    await redis.set(key, value);
    expect((await redis.get<string>(key)) === value).toBe(true);
    expect((await clientOf(endpoint, { responseEncoding: false }).get<string>(key)) === value).toBe(true);
    await redis.del(key);
  });

  test("replies are the same without base64", async () => {
    const name = named();
    const plain = clientOf(endpoint, { responseEncoding: false });
    const [k, l, s] = [name("K"), name("L"), name("S")];
    await redis.set(k, "é\0");
    await redis.rpush(l, "OK", "");
    await redis.xadd(s, "1-1", { a: "é" });
    for (const client of [redis, plain]) {
      expect(await client.get(k)).toBe("é\0");
      expect(await client.lrange(l, 0, -1)).toEqual(["OK", ""]);
      expect(await client.exec(["XRANGE", s, "-", "+"])).toEqual([["1-1", ["a", "é"]]]);
      expect(await client.ping()).toBe("PONG");
    }
  });

  test("commands of one turn share a request and keep their own replies", async () => {
    const name = named();
    const keys = Array.from({ length: 200 }, (_, i) => `${name("K")}:${i}`);
    await Promise.all(keys.map((key, i) => redis.set(key, String(i))));
    expect(await Promise.all(keys.map((key) => redis.get(key)))).toEqual(keys.map((_, i) => String(i)));
    const [good, bad] = await Promise.allSettled([redis.set(keys[0] ?? "", "x"), redis.rpush(keys[1] ?? "", "x")]);
    expect(good.status).toBe("fulfilled");
    expect(bad).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("WRONGTYPE") } });
    await redis.del(...keys);
  });

  test("a pipeline runs all, in order, each with its own error", async () => {
    const key = named()("K");
    const results = await redis.pipeline().set(key, "1").incr(key).rpush(key, "x").get(key).exec({ keepErrors: true });
    expect(results.map(({ result, error }) => error ?? result)).toEqual([
      "OK",
      2,
      "WRONGTYPE Operation against a key holding the wrong kind of value",
      "2",
    ]);
  });

  test("a transaction runs all, each with its own error", async () => {
    const key = named()("K");
    const results = await redis.multi().set(key, "1").rpush(key, "x").incr(key).exec({ keepErrors: true });
    expect(results.map(({ result, error }) => error ?? result)).toEqual([
      "OK",
      "WRONGTYPE Operation against a key holding the wrong kind of value",
      2,
    ]);
  });

  test("a transaction with a command that can't be queued runs nothing", async () => {
    const key = named()("K");
    const body = JSON.stringify([["SET", key, "1"], ["GET"]]);
    const headers = { authorization: `Bearer ${endpoint.token}` };
    const response = await fetch(`${endpoint.url}/multi-exec`, { method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining("EXECABORT") });
    expect(await redis.exists(key)).toBe(0);
  });

  test("transactions don't interleave", async () => {
    const key = named()("K");
    const racers = Array.from({ length: 20 }, (_, i) =>
      redis.multi().rpush(key, `${i}`).rpush(key, `${i}`).rpush(key, `${i}`).exec(),
    );
    await Promise.all(racers);
    const items = await redis.lrange(key, 0, -1);
    for (let i = 0; i < items.length; i += 3) expect(items.slice(i, i + 3)).toEqual([items[i], items[i], items[i]]);
  });

  test("SCAN and KEYS find keys by pattern", async () => {
    const name = named();
    const prefix = name("K").replace("{", "\\{");
    for (const end of ["a", "b", "ab"]) await redis.set(`${name("K")}:${end}`, "1");
    const found = new Set<string>();
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, { match: `${prefix}:?`, count: 1000 });
      for (const key of keys) found.add(key);
      cursor = next;
    } while (cursor !== "0");
    const expected = [`${name("K")}:a`, `${name("K")}:b`];
    expect([...found].sort()).toEqual(expected);
    expect((await redis.keys(`${prefix}:[a-b]`)).sort()).toEqual(expected);
  });

  describe("pub/sub", () => {
    test("a subscriber gets what is published after it, in order and whole", async () => {
      const channel = named()("C");
      const got: unknown[] = [];
      const subscriber = await subscribed(redis.subscribe<string>(encodeURIComponent(channel)), "subscribe");
      subscriber.on("message", (message) => got.push(message));
      const sent = ["one", "two,three", '{"é":"👩"}', "x".repeat(100_000)];
      for (const message of sent) expect(await redis.publish(channel, message)).toBeGreaterThan(0);
      await vi.waitFor(() => expect(got).toHaveLength(sent.length), 5_000);
      expect(got).toEqual(sent.map((message) => ({ channel, message })));
      await subscriber.unsubscribe();
    });

    test("a pattern's subscriber learns the channel", async () => {
      const prefix = named()("C").replace(/[{}/]/g, "-");
      const got: unknown[] = [];
      const subscriber = await subscribed(redis.psubscribe<string>(`${prefix}:*`), "psubscribe");
      subscriber.on("pmessage", (message) => got.push(message));
      await redis.publish(`${prefix}-other`, "no");
      await redis.publish(`${prefix}:a`, "yes");
      await vi.waitFor(() => expect(got).toHaveLength(1), 5_000);
      expect(got).toEqual([{ pattern: `${prefix}:*`, channel: `${prefix}:a`, message: "yes" }]);
      await subscriber.unsubscribe();
    });

    test("a subscriber that left gets nothing, others do", async () => {
      const channel = named()("C");
      const path = encodeURIComponent(channel);
      const got: unknown[] = [];
      const first = await subscribed(redis.subscribe<string>(path), "subscribe");
      const second = await subscribed(redis.subscribe<string>(path), "subscribe");
      first.on("message", () => got.push("first"));
      second.on("message", () => got.push("second"));
      await first.unsubscribe();
      await redis.publish(channel, "m");
      await vi.waitFor(() => expect(got).toEqual(["second"]), 5_000);
      await second.unsubscribe();
      await vi.waitFor(async () => expect(await redis.publish(channel, "m")).toBe(0), 5_000);
    });
  });
}
