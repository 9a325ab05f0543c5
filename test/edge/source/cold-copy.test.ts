import { beforeEach, describe, expect, test } from "vitest";
import { createColdCopy, type ColdCopy } from "../../../edge/source/cold-copy.ts";
import type { HubLink } from "../../../edge/source/hub-link.ts";
import { splitEntries } from "../entries.ts";
import { fakeStore, type FakeStore } from "../fake-store.ts";
import { fakeTime, startSeconds, type FakeTime } from "../fake-time.ts";
import { fakeCache, startIsolate, times, type Isolate } from "../isolate.ts";
import { openLog, pinsWith, renew, type Published, type SignedLog } from "../signed-log.ts";

const { maxStale } = pinsWith();

let time: FakeTime;
let log: SignedLog;
let store: FakeStore;
let first: Published;
let cache: ReturnType<typeof fakeCache>;
let coldCopy: ColdCopy;

beforeEach(async () => {
  time = fakeTime();
  log = openLog();
  store = fakeStore(log);
  first = await log.publish({ entries: splitEntries(10_000), time: startSeconds });
  store.show(first);
  cache = fakeCache();
  coldCopy = createColdCopy(cache, pinsWith().origin);
  const writer = startIsolate({ store, time, coldCopy });
  await writer.request();
  await time.settle();
  if (cache.texts.size !== 1) throw new Error("no copy was written");
});

const release = ({ source }: Isolate): number | undefined => source.serving()?.release.statement.release;

async function startCold(around: Partial<Parameters<typeof startIsolate>[0]> = {}): Promise<Isolate> {
  const isolate = startIsolate({ store, time, coldCopy, ...around });
  const request = isolate.request();
  await time.advance(times.coldWaitMs);
  await request;
  return isolate;
}

describe("an isolate that starts while its store is away", () => {
  beforeEach(() => {
    store.mode = "fail";
  });

  test("serves the copy in the cache, to each of a hundred requests", async () => {
    const isolate = startIsolate({ store, time, coldCopy });
    const served = Promise.all(
      Array.from({ length: 100 }, async () => {
        await isolate.request();
        return release(isolate);
      }),
    );
    await time.advance(10);
    expect(new Set(await served)).toEqual(new Set([0]));
    expect([isolate.code(), isolate.source.checkedAtMs()]).toEqual(["store_unreachable", 0]);
  });

  test("refuses a copy that is older than the deployment allows, unless that allows it", async () => {
    await time.advance((maxStale + 1) * 1_000);
    expect(release(await startCold())).toBe(undefined);
    const serving = await startCold({ pins: { coldStale: "serve" } });
    expect([release(serving), serving.source.isStale(time.now())]).toEqual([0, true]);
  });

  test("believes the renewal of freshness in the copy", async () => {
    store.mode = "ok";
    store.show(first, await renew(first, startSeconds + maxStale));
    await time.advance(maxStale * 1_000);
    await startCold();
    store.mode = "fail";
    await time.advance((maxStale - 60) * 1_000);
    const isolate = await startCold();
    expect([release(isolate), isolate.source.serving()?.release.freshAt]).toEqual([0, startSeconds + maxStale]);
  });

  test.each<[string, (value: unknown) => readonly unknown[]]>([
    ["head", (head) => [`${String(head)} `, "", 7, null, undefined]],
    ["policies", (texts) => [[`${String(texts)} `], [""], [], "", 7, null, undefined]],
    ["snapshot", (text) => [`${String(text)} `, "", 7, null, undefined]],
  ])("refuses a copy with an altered %s", async (part, alter) => {
    const [key = "", text = ""] = [...cache.texts][0] ?? [];
    const copy = JSON.parse(text) as Record<string, unknown>;
    const altered = alter(copy[part]).map((value) => ({ ...copy, [part]: value }));
    for (const value of [...altered, [], null]) {
      cache.texts.set(key, JSON.stringify(value));
      const isolate = await startCold();
      expect([release(isolate), value]).toEqual([undefined, value]);
      expect(isolate.source.failures.counts()).not.toEqual({ store_unreachable: 1 });
    }
  });

  test("does without an altered renewal of freshness: the head has one of its own", async () => {
    const [key = "", text = ""] = [...cache.texts][0] ?? [];
    cache.texts.set(key, JSON.stringify({ ...(JSON.parse(text) as object), fresh: "altered" }));
    const isolate = await startCold();
    expect([release(isolate), isolate.code()]).toEqual([0, "freshness_malformed"]);
  });

  test("goes on when the cache fails, hangs, or has something else", async () => {
    const broken = { read: () => Promise.reject(new Error("no cache")), write: async () => {} };
    const isolate = await startCold({ coldCopy: broken });
    expect([release(isolate), isolate.code()]).toEqual([undefined, "cold_copy_unreadable"]);
    await startCold({ coldCopy: { read: () => new Promise(() => {}), write: async () => {} } });
    cache.texts.set([...cache.texts.keys()][0] ?? "", "not JSON");
    expect((await startCold()).code()).toBe("cold_copy_unreadable");
  });
});

test("an isolate whose store was emptied, or answers with what is refused, serves the copy too", async () => {
  store.head = null;
  const emptied = await startCold();
  expect([release(emptied), emptied.source.failures.counts()]).toEqual([0, { head_missing: 1 }]);
  store.head = first.head.replace('"size"', '"sise"').replace("release", "relaese");
  expect(release(await startCold())).toBe(0);
});

test("a cache that can't be written to is told of, and nothing else happens", async () => {
  const isolate = await startCold({
    coldCopy: { read: async () => undefined, write: () => Promise.reject(new Error("full")) },
  });
  expect([release(isolate), isolate.code()]).toEqual([0, "cold_copy_unwritable"]);
});

const hubWith = (copy: HubLink["copy"]): HubLink => ({
  isLive: () => false,
  isDue: () => false,
  listen: async () => {},
  copy,
  tell: async () => ({ outcome: "busy" }),
});

/** The hub's copy of this release. */
function copyOf({ head }: Published): FakeStore {
  const copy = fakeStore(log);
  copy.head = head;
  return copy;
}

describe("with a hub", () => {
  test("a cold isolate doesn't follow its store back behind what the hub remembers, and serves that", async () => {
    const newer = await log.publish({ entries: splitEntries(50_000), time: startSeconds });
    const isolate = await startCold({ hub: hubWith(async () => copyOf(newer)) });
    expect([release(isolate), isolate.code()]).toEqual([1, "older_checkpoint"]);
  });

  test("a cold isolate serves the hub's copy when the store is away, and proves it", async () => {
    store.mode = "fail";
    const wrong = await log.publish({
      entries: splitEntries(50_000),
      time: startSeconds,
      statement: { configRoot: first.statement.configRoot },
    });
    const good = await startCold({ hub: hubWith(async () => copyOf(first)) });
    expect([release(good), good.code()]).toEqual([0, "store_unreachable"]);
    const given = await startCold({ hub: hubWith(async () => copyOf(wrong)) });
    expect([release(given), given.code()]).toEqual([undefined, "config_root_mismatch"]);
  });

  test("an old copy of the hub's isn't served, but nothing behind it is either", async () => {
    const newer = await log.publish({ entries: splitEntries(50_000), time: startSeconds });
    await time.advance((maxStale + 1) * 1_000);
    store.show(first, await renew(first, startSeconds + maxStale + 1));
    const isolate = await startCold({ hub: hubWith(async () => copyOf(newer)) });
    expect([release(isolate), isolate.code()]).toEqual([undefined, "older_checkpoint"]);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("no hub")), "hub_unreachable"],
    ["hangs", () => new Promise<undefined>(() => {}), undefined],
    ["has nothing", async () => undefined, undefined],
  ])("a hub that %s keeps nobody from the store", async (_, copy, code) => {
    const isolate = await startCold({ hub: hubWith(copy) });
    expect([release(isolate), isolate.code()]).toEqual([0, code]);
  });
});
