/** What the publish script must do, in Lua and in the embedded store's steps alike. */
import type { Redis } from "@upstash/redis";
import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publishScript } from "../../../control-plane/publisher/publish-script.ts";
import { clientOf, type Backend, type Endpoint } from "./backend.ts";

const rootOf = (size: number): string => createHash("sha256").update(`root ${size}`).digest("base64");
const headOf = (size: number, by = ""): string =>
  JSON.stringify({ checkpoint: `d/t/e\n${size}\n${rootOf(size)}\n\n— d/t/e AAAA\n`, detail: { by } });

interface Log {
  readonly head: string;
  readonly leaves: string;
  readonly statements: string;
  readonly stream: string;
  readonly events: string;
}

const freshLog = (): Log => {
  const prefix = `flagmesh:{publish/${randomUUID()}}:`;
  return {
    head: `${prefix}pub:head`,
    leaves: `${prefix}pub:leaves`,
    statements: `${prefix}pub:statements`,
    stream: `${prefix}cp:stream`,
    events: `${prefix}pub:events`,
  };
};

const stateAt = (size: number) => {
  const releases = Array.from({ length: size }, (_, i) => i + 1);
  return {
    head: size === 0 ? null : headOf(size),
    leaves: releases.map((i) => `leaf ${i}`),
    statements: releases.map((i) => `statement ${i}`),
    events: releases.slice(-3).map((i) => `event ${i}`),
  };
};

/** Runs within a `describe`. */
export function publishContract(backend: Backend): void {
  describe("publishing", () => {
    let endpoint: Endpoint;
    let redis: Redis;

    beforeAll(async () => {
      endpoint = await backend.open();
      redis = clientOf(endpoint);
    });
    afterAll(async () => {
      await endpoint.close();
    });

    /** Publishes the release that makes the log `size` long. */
    const publish = (log: Log, size: number, change: Partial<Record<"head" | "root" | "size" | "cap", string>> = {}) =>
      redis.eval<string[], string[]>(
        publishScript.lua,
        [log.head, log.leaves, log.statements, log.stream],
        [
          change.size ?? String(size - 1),
          change.root ?? (size === 1 ? "" : rootOf(size - 1)),
          change.head ?? headOf(size),
          `leaf ${size}`,
          `statement ${size}`,
          log.events,
          `event ${size}`,
          change.cap ?? "3",
        ],
      );

    const stateOf = async (log: Log) => ({
      head: await redis.get(log.head),
      leaves: await redis.lrange(log.leaves, 0, -1),
      statements: await redis.lrange(log.statements, 0, -1),
      events: (await redis.exec<[string, string[]][]>(["XRANGE", log.stream, "-", "+"])).map(([, fields]) => fields[1]),
    });

    async function logOf(size: number): Promise<Log> {
      const log = freshLog();
      for (let i = 1; i <= size; i++) expect(await publish(log, i)).toEqual(["published"]);
      return log;
    }

    test("a log grows by one release at a time, and the stream keeps the newest", async () => {
      expect(await stateOf(await logOf(5))).toEqual(stateAt(5));
    });

    test("publishing again what is the head already appends nothing twice", async () => {
      const log = await logOf(2);
      expect(await publish(log, 2)).toEqual(["published"]);
      expect(await stateOf(log)).toEqual(stateAt(2));
    });

    test("of ten racing publishers one wins, the others learn its head", async () => {
      const log = await logOf(1);
      const heads = Array.from({ length: 10 }, (_, i) => headOf(2, `publisher ${i}`));
      const outcomes = await Promise.all(
        heads.map((head) =>
          clientOf(endpoint).eval<string[], string[]>(
            publishScript.lua,
            [log.head, log.leaves, log.statements, log.stream],
            ["1", rootOf(1), head, "leaf 2", "statement 2", log.events, "event 2", "3"],
          ),
        ),
      );
      const winners = heads.filter((_, i) => outcomes[i]?.[0] === "published");
      expect(winners).toHaveLength(1);
      const losers = outcomes.filter(([outcome]) => outcome === "conflict");
      expect(losers).toHaveLength(9);
      for (const [, head] of losers) expect(head).toBe(winners[0]);
      expect(await stateOf(log)).toEqual({ ...stateAt(2), head: winners[0] });
    });

    test.each([
      ["another size", { size: "1" }],
      ["another root", { root: rootOf(9) }],
      ["no head", { size: "0", root: "" }],
      ["the size in another form", { size: "02" }],
      ["no size", { size: "" }],
    ])("a publisher that expects %s is told the head, and changes nothing", async (_, change) => {
      const log = await logOf(2);
      expect(await publish(log, 3, change)).toEqual(["conflict", headOf(2)]);
      expect(await stateOf(log)).toEqual(stateAt(2));
    });

    test("a publisher that expects a head where there is none is told so", async () => {
      const log = freshLog();
      expect(await publish(log, 2)).toEqual(["conflict", ""]);
      expect(await stateOf(log)).toEqual(stateAt(0));
    });

    test.each(["leaves", "statements"] as const)("lists that don't fit the head (%s) are a conflict", async (list) => {
      const log = await logOf(2);
      await redis.rpush(log[list], "stray");
      expect(await publish(log, 3)).toEqual(["conflict", headOf(2)]);
    });

    test("lists without a head are a conflict", async () => {
      const log = await logOf(2);
      await redis.del(log.head);
      expect(await publish(log, 1)).toEqual(["conflict", ""]);
      expect(await redis.exists(log.head)).toBe(0);
    });

    test.each([
      "",
      "{",
      "null",
      "[]",
      '"text"',
      "{}",
      '{"checkpoint":7}',
      '{"checkpoint":"o\\n2"}',
      '{"checkpoint":"o\\n-2\\nr\\n"}',
    ])("a head that can't be read (%j) is a conflict", async (head) => {
      const log = await logOf(2);
      await redis.set(log.head, head);
      expect(await publish(log, 3)).toEqual(["conflict", head]);
      expect(await redis.llen(log.leaves)).toBe(2);
    });

    test.each(["head", "leaves", "statements", "stream"] as const)(
      "a %s of the wrong type is refused, and nothing changes",
      async (key) => {
        const log = await logOf(2);
        const kept = await stateOf(log);
        await redis.del(log[key]);
        await redis.hset(log[key], { a: "b" });
        await expect(publish(log, 3)).rejects.toThrow("WRONGTYPE");
        for (const other of ["head", "leaves", "statements"] as const) {
          if (other === key) continue;
          const now = other === "head" ? await redis.get(log.head) : await redis.lrange(log[other], 0, -1);
          expect(now).toEqual(kept[other]);
        }
      },
    );

    test("a cap that is no number is refused, and nothing changes", async () => {
      const log = await logOf(2);
      await expect(publish(log, 3, { cap: "many" })).rejects.toThrow("ERR");
      expect(await stateOf(log)).toEqual(stateAt(2));
    });

    test("an exhausted stream is refused, and nothing changes", async () => {
      const log = await logOf(1);
      await redis.exec(["XADD", log.stream, "18446744073709551615-18446744073709551615", "event", "last"]);
      await expect(publish(log, 2)).rejects.toThrow("exhausted the last possible ID");
      expect(await stateOf(log)).toEqual({ ...stateAt(1), events: ["event 1", "last"] });
    });

    test("statements of 64 KiB with any character survive", async () => {
      const log = freshLog();
      const statement = 'é\0\\"\n👩'.repeat(5_000);
      await redis.eval(
        publishScript.lua,
        [log.head, log.leaves, log.statements, log.stream],
        ["0", "", headOf(1), "l", statement, log.events, "e", "3"],
      );
      expect(await redis.lindex(log.statements, 0)).toBe(statement);
    });

    test("a subscriber hears of a release once", async () => {
      const log = freshLog();
      const subscriber = redis.subscribe<string>(encodeURIComponent(log.events));
      const heard: string[] = [];
      await new Promise((resolve) => {
        subscriber.on("subscribe", resolve);
      });
      const second = new Promise<void>((resolve) => {
        subscriber.on("message", ({ message }) => {
          heard.push(message);
          if (message === "event 2") resolve();
        });
      });
      await publish(log, 1);
      await publish(log, 1);
      await publish(log, 2);
      await second;
      expect(heard).toEqual(["event 1", "event 2"]);
      await subscriber.unsubscribe();
    });

    test("a script is run by its digest once it is known, and sent whole before", async () => {
      const log = freshLog();
      const script = redis.createScript<string[]>(publishScript.lua);
      const keys = [log.head, log.leaves, log.statements, log.stream];
      const args = (size: number) => [
        String(size - 1),
        size === 1 ? "" : rootOf(size - 1),
        headOf(size),
        "l",
        "s",
        log.events,
        "e",
        "3",
      ];
      expect(await script.exec(keys, args(1))).toEqual(["published"]);
      expect(await script.evalsha(keys, args(2))).toEqual(["published"]);
      expect(await redis.scriptExists(script.sha1)).toEqual([1]);
      expect(await redis.scriptLoad(publishScript.lua)).toBe(script.sha1);
    });
  });
}
