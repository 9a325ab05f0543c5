import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createEmbeddedStore, openEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { createKeyspace } from "../../../control-plane/bridge/embedded/keyspace.ts";
import type { KnownScript } from "../../../control-plane/bridge/embedded/scripting.ts";
import { createSaver } from "../../../control-plane/bridge/embedded/saver.ts";
import { decodeStore, encodeStore, writeStoreFile } from "../../../control-plane/bridge/embedded/store-file.ts";
import type { RedisStore, Reply } from "../../../control-plane/bridge/store.ts";

const append: KnownScript = {
  lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])",
  run: ([key = ""], [item = ""], call) => call("RPUSH", key, item),
};

const run = (store: RedisStore, line: string): Promise<Reply> => store.command(line.split(" "));

describe("expiry", () => {
  let now: number;
  let store: RedisStore;
  beforeEach(() => {
    now = 1_700_000_000_000;
    store = createEmbeddedStore({ now: () => now, scripts: [] });
  });

  test("a key lives until its time and not a millisecond longer", async () => {
    await run(store, "SET k v PX 1500");
    now += 1500;
    expect(await run(store, "GET k")).toBe("v");
    now += 1;
    expect(await run(store, "GET k")).toBeNull();
    expect(await run(store, "DBSIZE")).toBe(0);
  });

  test("TTL rounds to the nearest second, PTTL doesn't", async () => {
    await run(store, "SET k v PX 1500");
    expect(await run(store, "TTL k")).toBe(2);
    now += 1;
    expect(await run(store, "TTL k")).toBe(1);
    expect(await run(store, "PTTL k")).toBe(1499);
  });

  test("an expired key doesn't stand in the way of SET NX, nor of another type", async () => {
    await run(store, "SET k v EX 1");
    now += 1001;
    expect(await run(store, "RPUSH k a")).toBe(1);
    await run(store, "SET l v EX 1");
    now += 1001;
    expect(await run(store, "SET l w NX")).toBe("OK");
    expect(await run(store, "TTL l")).toBe(-1);
  });

  test.each(["KEYS *", "SCAN 0"])("%s doesn't show expired keys", async (command) => {
    await run(store, "SET k v EX 1");
    now += 1001;
    expect(JSON.stringify(await run(store, command))).not.toContain("k");
  });

  test("XADD numbers entries within a millisecond, and goes on when the clock goes back", async () => {
    expect(await run(store, "XADD s * a b")).toBe("1700000000000-0");
    expect(await run(store, "XADD s * a b")).toBe("1700000000000-1");
    now -= 10;
    expect(await run(store, "XADD s * a b")).toBe("1700000000000-2");
  });

  test("TIME is the clock's", async () => {
    now += 7;
    expect(await run(store, "TIME")).toEqual(["1700000000", "7000"]);
  });
});

test("a script that the store doesn't know is refused, with what to do about it", async () => {
  const store = createEmbeddedStore({ now: () => 0, scripts: [] });
  for (const line of [
    ["EVAL", "return 1", "0"],
    ["SCRIPT", "LOAD", "return 1"],
  ]) {
    expect(await store.command(line)).toMatchObject({ error: expect.stringMatching(/no Lua.*REDIS_URL/) });
  }
});

describe("the store's file", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "flagmesh-store-"));
    path = join(directory, "inner", "store");
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function open(now = () => 1_000): Promise<RedisStore> {
    const opened = await openEmbeddedStore({ path, now, scripts: [], saveDelayMs: 5 });
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  }

  test("everything comes back, of every type, with its time to live", async () => {
    const first = await open();
    const setUp = [
      "SET s é👩",
      "SET t v PX 5000",
      "RPUSH l a b",
      "HSET h a 1 b 2",
      "XADD x 1-1 a b",
      "XADD y MAXLEN 0 9-9 a b",
    ];
    for (const line of setUp) await run(first, line);
    await first.command(["SET", "odd", '\0\n"\\\u2028']);
    await first.close();
    const second = await open(() => 2_000);
    expect(await run(second, "GET s")).toBe("é👩");
    expect(await run(second, "GET odd")).toBe('\0\n"\\\u2028');
    expect(await run(second, "PTTL t")).toBe(4_000);
    expect(await run(second, "LRANGE l 0 -1")).toEqual(["a", "b"]);
    expect(await run(second, "HGETALL h")).toEqual(["a", "1", "b", "2"]);
    expect(await run(second, "XRANGE x - +")).toEqual([["1-1", ["a", "b"]]]);
    expect(await run(second, "XADD y 9-9 a b")).toMatchObject({ error: expect.stringContaining("equal or smaller") });
    await second.close();
  });

  test("any keyspace reads back as it was written", () => {
    const text = fc.string({ unit: "binary", maxLength: 10 });
    fc.assert(
      fc.property(fc.dictionary(text, fc.tuple(fc.array(text), fc.option(fc.nat(), { nil: undefined }))), (rows) => {
        const [from, to] = [createKeyspace(() => 0), createKeyspace(() => 0)];
        for (const [key, [items, at]] of Object.entries(rows)) from.set(key, { type: "list", items }, at);
        expect(decodeStore(encodeStore(from), to).ok).toBe(true);
        expect(encodeStore(to)).toBe(encodeStore(from));
      }),
    );
  });

  test("a change is saved soon, without closing", async () => {
    const store = await open();
    await run(store, "SET k v");
    await vi.waitFor(async () => expect(await readFile(path, "utf8")).toContain('["k","string","v",null]'));
    await store.close();
  });

  test("who publishes gets an answer when the file has it, without waiting for the delay", async () => {
    const opened = await openEmbeddedStore({ path, now: () => 0, scripts: [append], saveDelayMs: 3_600_000 });
    if (!opened.ok) throw new Error(opened.error.message);
    const store = opened.value;
    await run(store, "SET before 1");
    expect(await store.command(["EVAL", append.lua, "1", "l", "a"])).toBe(1);
    expect(await readFile(path, "utf8")).toMatch(/"before".*\["l","list",\["a"\]/s);
    expect(await store.multi([["EVAL", append.lua, "1", "l", "b"]])).toEqual([2]);
    expect(await readFile(path, "utf8")).toContain('["l","list",["a","b"]');
    await rename(join(directory, "inner"), join(directory, "away"));
    await writeFile(join(directory, "inner"), "in the way");
    expect(await store.command(["EVAL", append.lua, "1", "l", "c"])).toMatchObject({
      error: expect.stringMatching(/^MISCONF /),
    });
    await rm(join(directory, "inner"));
  });

  test("a store that was only read writes nothing", async () => {
    const store = await open();
    await run(store, "GET k");
    await store.close();
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  test("nobody else may read it", async () => {
    const store = await open();
    await run(store, "SET k v");
    await store.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, "inner"))).mode & 0o777).toBe(0o700);
  });

  test("a save that stops before the rename leaves the old file, and the next one succeeds", async () => {
    const store = await open();
    await run(store, "SET k old");
    await store.close();
    const stopped = writeStoreFile(path, "half-written", () => Promise.reject(new Error("stopped here")));
    await expect(stopped).rejects.toThrow("stopped here");
    const again = await open();
    expect(await run(again, "GET k")).toBe("old");
    await run(again, "SET k new");
    await again.close();
    expect(await readdir(join(directory, "inner"))).toEqual(["store"]);
    expect(await run(await open(), "GET k")).toBe("new");
  });

  const damages: readonly (readonly [string, (whole: string) => string])[] = [
    ["emptied", () => ""],
    ["truncated", (whole) => whole.slice(0, -1)],
    ["cut to its header", (whole) => whole.slice(0, whole.indexOf("\n") + 1)],
    ["changed in one character", (whole) => whole.replace("value", "valve")],
    ["extended", (whole) => `${whole} `],
    ["of another version", (whole) => whole.replace("flagmesh-store 1", "flagmesh-store 2")],
    ["something else", () => "REDIS0011"],
  ];
  test.each(damages)("a file that is %s is refused, and stays as it is", async (_, damage) => {
    const store = await open();
    await run(store, "SET key value");
    await store.close();
    const damaged = damage(await readFile(path, "utf8"));
    await writeFile(path, damaged);
    const opened = await openEmbeddedStore({ path, now: () => 0, scripts: [] });
    expect(opened).toMatchObject({
      ok: false,
      error: { code: "store_file_corrupt", message: expect.stringContaining(path) },
    });
    expect(await readFile(path, "utf8")).toBe(damaged);
  });

  test("a path that can't be read is told apart from a damaged file", async () => {
    const opened = await openEmbeddedStore({ path: directory, now: () => 0, scripts: [] });
    expect(opened).toMatchObject({ ok: false, error: { code: "store_file_unreadable" } });
  });

  test("while the file can't be written, reads go on, writes are refused, and all is well once it can", async () => {
    const store = await open();
    await run(store, "SET k 1");
    await vi.waitFor(() => stat(path));
    await rename(join(directory, "inner"), join(directory, "away"));
    await writeFile(join(directory, "inner"), "in the way");
    await run(store, "SET k 2");
    await vi.waitFor(async () =>
      expect(await run(store, "SET probe 1")).toMatchObject({ error: expect.stringMatching(/^MISCONF /) }),
    );
    expect(await run(store, "GET k")).toBe("2");
    await rm(join(directory, "inner"));
    await vi.waitFor(async () => expect(await run(store, "SET k 4")).toBe("OK"), 5_000);
    await store.close();
    expect(await run(await open(), "GET k")).toBe("4");
  });

  test("a process killed at any moment leaves a file that opens, with a prefix of what it wrote", async () => {
    for (let round = 0; round < 6; round++) {
      const writer = spawn(process.execPath, [join(import.meta.dirname, "endless-writer.ts"), path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(writer.stdout, "data");
      let killAfter = round * 7;
      await vi.waitFor(() => expect(--killAfter).toBeLessThanOrEqual(0), { interval: 3, timeout: 5_000 });
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const store = await open();
      const [count, items] = [await run(store, "GET count"), await run(store, "LRANGE items 0 -1")];
      expect((items as string[]).map(Number)).toEqual(Array.from({ length: Number(count) }, (_, i) => i + 1));
      await store.close();
    }
  });
});

describe("saving", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("steady changes don't put a save off: it comes one delay after the first", async () => {
    const save = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const saver = createSaver(save, 100);
    for (let i = 0; i < 10; i++) {
      saver.changed();
      await vi.advanceTimersByTimeAsync(25);
    }
    expect(save).toHaveBeenCalledTimes(2);
    await saver.close();
    expect(save).toHaveBeenCalledTimes(3);
  });

  test("a change during a save is saved by the next one", async () => {
    const finish: (() => void)[] = [];
    const save = vi.fn<() => Promise<void>>(() => new Promise((resolve) => void finish.push(resolve)));
    const saver = createSaver(save, 100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(500);
    expect(save).toHaveBeenCalledTimes(1);
    finish[0]?.();
    await vi.advanceTimersByTimeAsync(100);
    expect(save).toHaveBeenCalledTimes(2);
    finish[1]?.();
    await saver.close();
    expect(save).toHaveBeenCalledTimes(2);
  });

  test("closing waits for the save that runs", async () => {
    const finish: (() => void)[] = [];
    const saver = createSaver(() => new Promise((resolve) => void finish.push(resolve)), 100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(100);
    let closed = false;
    const closing = saver.close().then(() => (closed = true));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(closed).toBe(false);
    finish[0]?.();
    await closing;
  });

  test("nothing is saved after closing", async () => {
    const save = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const saver = createSaver(save, 100);
    await saver.close();
    saver.changed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(save).not.toHaveBeenCalled();
  });

  test("a save asked for while an older one runs comes after it, and serves all who asked", async () => {
    const finish: (() => void)[] = [];
    const save = vi.fn<() => Promise<void>>(() => new Promise((resolve) => void finish.push(resolve)));
    const saver = createSaver(save, 100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(100);
    saver.changed();
    const answers: string[] = [];
    const first = saver.saved().then(() => answers.push("first"));
    const second = saver.saved().then(() => answers.push("second"));
    finish[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(save).toHaveBeenCalledTimes(2);
    expect(answers).toEqual([]);
    finish[1]?.();
    await Promise.all([first, second]);
    expect(save).toHaveBeenCalledTimes(2);
  });

  test("a save that fails is tried again, and closing reports it", async () => {
    const save = vi.fn<() => Promise<void>>(() => Promise.reject(new Error("disk full")));
    const saver = createSaver(save, 100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(100);
    expect(saver.fault()).toBe("disk full");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(save).toHaveBeenCalledTimes(2);
    await expect(saver.close()).rejects.toThrow("disk full");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(save).toHaveBeenCalledTimes(3);
  });
});
