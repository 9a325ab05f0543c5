import { beforeEach, describe, expect, test } from "vitest";
import { splitEntries } from "../entries.ts";
import { fakeStore, type FakeStore } from "../fake-store.ts";
import { fakeTime, startSeconds, type FakeTime } from "../fake-time.ts";
import { startIsolate, times, type Isolate } from "../isolate.ts";
import { openLog, renew, type Published, type SignedLog } from "../signed-log.ts";

let time: FakeTime;
let log: SignedLog;
let store: FakeStore;
let first: Published;

beforeEach(async () => {
  time = fakeTime();
  log = openLog();
  store = fakeStore(log);
  first = await log.publish({ entries: splitEntries(10_000), time: startSeconds });
  store.show(first);
});

const release = ({ source }: Isolate): number | undefined => source.serving()?.release.statement.release;

async function warmIsolate(around: Partial<Parameters<typeof startIsolate>[0]> = {}): Promise<Isolate> {
  const isolate = startIsolate({ store, time, ...around });
  await isolate.request();
  await Promise.all(isolate.background);
  expect(release(isolate)).toBe(0);
  return isolate;
}

/** A store that no warm request may touch. */
const untouchable = new Proxy({} as FakeStore, {
  get(_, name) {
    throw new Error(`a warm request touched the store: ${String(name)}`);
  },
});

describe("a warm isolate", () => {
  test("lets a request go on without a promise, and doesn't touch its store", async () => {
    let current = store;
    const isolate = await warmIsolate({
      store: new Proxy({} as FakeStore, { get: (_, name) => Reflect.get(current, name) as unknown }),
    });
    current = untouchable;
    for (let i = 0; i < 100; i++) {
      await time.advance((times.pollMs - 1) / 100);
      expect(isolate.source.prepare(time.now(), () => expect.unreachable("something is left to run"))).toBeUndefined();
    }
  });

  test("looks for a new release beside its requests, once an interval", async () => {
    const isolate = await warmIsolate();
    store.show(await log.publish({ entries: splitEntries(50_000), time: startSeconds }));
    const before = store.looks();
    await time.advance(times.pollMs);
    const requests = Array.from({ length: 100 }, () => isolate.request());
    expect([store.looks() - before, release(isolate)]).toEqual([1, 0]);
    expect(new Set(await Promise.all(requests))).toEqual(new Set([false]));
    await time.settle();
    expect(release(isolate)).toBe(1);
  });

  test("keeps what it compiled when only freshness changed", async () => {
    const isolate = await warmIsolate();
    const before = isolate.source.serving();
    await time.advance(60_000);
    store.show(first, await renew(first, startSeconds + 60));
    await isolate.request();
    await Promise.all(isolate.background);
    const after = isolate.source.serving();
    expect(after?.release.freshAt).toBe(startSeconds + 60);
    expect(after?.revision).toBe(before?.revision);
  });

  test("compiles only flags again when the overlay changed", async () => {
    const isolate = await warmIsolate();
    const before = isolate.source.serving()?.revision;
    store.show(await log.publish({ overlay: { split: { kill: true } }, time: startSeconds }));
    const reads = store.reads();
    await time.advance(times.pollMs);
    await isolate.request();
    await Promise.all(isolate.background);
    const after = isolate.source.serving()?.revision;
    expect(release(isolate)).toBe(1);
    expect([after?.backends === before?.backends, after?.identify === before?.identify]).toEqual([true, true]);
    expect(after?.flags.get("split")?.route({ targetingKey: "ada" }, 0)).toMatchObject({ reason: "DISABLED" });
    // The head, and nothing that was known.
    expect(store.reads() - reads).toBe(1);
  });

  test("ignores an older replica", async () => {
    store.show(await log.publish({ entries: splitEntries(50_000), time: startSeconds }));
    const isolate = startIsolate({ store, time });
    await isolate.request();
    store.show(first);
    await time.advance(times.pollMs);
    await isolate.request();
    await time.settle();
    expect([release(isolate), isolate.code()]).toEqual([1, "older_checkpoint"]);
  });

  test.each([
    ["fail", "store_unreachable"],
    ["hang", undefined],
  ] as const)("serves what it has while its store is to %s", async (mode, code) => {
    const isolate = await warmIsolate();
    store.mode = mode;
    for (let second = 0; second < 120; second += 5) {
      await time.advance(times.pollMs);
      void isolate.request();
      await time.settle();
      expect(release(isolate)).toBe(0);
    }
    expect(isolate.code()).toBe(code);
    store.mode = "ok";
    store.show(await log.publish({ entries: splitEntries(50_000), time: startSeconds }));
    await time.advance(times.leaseMs);
    await isolate.request();
    await time.settle();
    expect(release(isolate)).toBe(1);
  });
});

describe("an isolate that was idle", () => {
  let isolate: Isolate;

  beforeEach(async () => {
    isolate = await warmIsolate();
    store.show(await log.publish({ entries: splitEntries(50_000), time: startSeconds }));
    await time.advance(times.checkedMaxMs);
  });

  test("waits for one look, and serves what that found", async () => {
    const before = store.looks();
    store.mode = "held";
    const requests = Promise.all(Array.from({ length: 50 }, () => isolate.request()));
    await time.advance(100);
    store.release();
    await time.advance(10);
    expect(await requests).toEqual(Array.from({ length: 50 }, () => true));
    expect([store.looks() - before, release(isolate)]).toEqual([1, 1]);
  });

  test.each(["hang", "fail"] as const)("goes on with what it has when the store is to %s", async (mode) => {
    store.mode = mode;
    const beganMs = time.now();
    let endedMs = 0;
    const request = isolate.request().then(() => (endedMs = time.now()));
    await time.advance(1_000);
    await request;
    expect(endedMs - beganMs).toBeLessThanOrEqual(times.waitMs + 5);
    expect(release(isolate)).toBe(0);
  });

  test("makes no request wait for a look that has hung for longer than one may wait", async () => {
    store.mode = "hang";
    const waited = isolate.request();
    await time.advance(times.waitMs + 5);
    await waited;
    for (let i = 0; i < 10; i++) expect(await isolate.request()).toBe(false);
    expect(store.looks()).toBe(2);
  });
});

describe("a cold isolate", () => {
  test("looks once for a hundred requests, and all of them go on together", async () => {
    const isolate = startIsolate({ store, time });
    store.mode = "held";
    const requests = Promise.all(Array.from({ length: 100 }, () => isolate.request()));
    await time.advance(times.coldWaitMs / 2);
    store.release();
    await time.advance(10);
    await requests;
    expect([store.looks(), isolate.background.length, release(isolate)]).toEqual([1, 1, 0]);
  });

  test("answers nobody later than it may when the store hangs", async () => {
    const isolate = startIsolate({ store, time });
    store.mode = "hang";
    const beganMs = time.now();
    const requests = Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await time.sleep(i * 10 + 1);
        await isolate.request();
        return time.now() - beganMs;
      }),
    );
    await time.advance(times.coldWaitMs * 2);
    expect(Math.max(...(await requests))).toBeLessThanOrEqual(times.coldWaitMs + 5);
    expect([store.looks(), release(isolate)]).toEqual([1, undefined]);
  });

  test("looks again when a look was lost with the request that made it", async () => {
    const isolate = startIsolate({ store, time });
    store.mode = "hang";
    void isolate.request();
    await time.advance(times.leaseMs - 1);
    store.mode = "ok";
    await isolate.request();
    expect([store.looks(), release(isolate)]).toEqual([1, undefined]);
    await time.advance(1);
    await isolate.request();
    expect([store.looks(), release(isolate)]).toEqual([2, 0]);
  });

  test("asks a store that fails once a second, however many requests come", async () => {
    const isolate = startIsolate({ store, time });
    store.mode = "fail";
    for (let i = 0; i < 50; i++) {
      await isolate.request();
      await time.advance(100);
    }
    expect(store.looks()).toBe(5);
    expect([isolate.code(), isolate.logged.length]).toEqual(["store_unreachable", 1]);
  });
});

describe("two looks at once", () => {
  test("the slower one is held against what the faster one believed, so that a fork between them is seen", async () => {
    const isolate = await warmIsolate();
    const other = log.fork();
    const theirs = await other.publish({ entries: splitEntries(90_000), time: startSeconds });
    const ours = await log.publish({ entries: splitEntries(50_000), time: startSeconds });
    store.show(ours);
    store.mode = "held";
    await time.advance(times.pollMs);
    await isolate.request();
    // The first look's lease ends; the second is at a replica of the other log.
    await time.advance(times.leaseMs);
    store.show(theirs);
    const { snapshotDigest } = theirs.statement;
    log.snapshots.set(snapshotDigest, other.snapshots.get(snapshotDigest) ?? "");
    void isolate.request();
    await time.settle();
    store.release();
    await time.advance(times.waitMs);
    expect([release(isolate), isolate.code()]).toEqual([1, "fork"]);
    expect(isolate.source.serving()?.release.head).toBe(ours.head);
  });
});
