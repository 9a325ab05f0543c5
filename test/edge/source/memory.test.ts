import { beforeEach, describe, expect, test } from "vitest";
import type { Entries, EntryKey } from "../../../shared/document/entry.ts";
import { toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { splitEntries } from "../entries.ts";
import { fakeStore, type FakeStore } from "../fake-store.ts";
import { fakeTime, startSeconds, type FakeTime } from "../fake-time.ts";
import { startIsolate, times, type Isolate } from "../isolate.ts";
import { openLog, type Published, type SignedLog } from "../signed-log.ts";

const wrongRoot = toBase64(leafHash(utf8("another tree")));

let time: FakeTime;
let log: SignedLog;
let store: FakeStore;
/** Pieces of proofs: each waits here until it is let go on, where `paused`. */
let pieces: number;
let paused: boolean;
let waiting: (() => void)[];

beforeEach(() => {
  time = fakeTime();
  log = openLog();
  store = fakeStore(log);
  [pieces, paused, waiting] = [0, false, []];
});

/** More entries than are hashed in one piece. */
function manyEntries(share: number): Entries {
  const flag = { state: "ENABLED", variants: { a: 1 }, defaultVariant: "a" } as const;
  const flags = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`flag:more-${i}` as EntryKey, flag]));
  return splitEntries(share, {}, flags);
}

const isolateOf = (around: Partial<Parameters<typeof startIsolate>[0]> = {}): Isolate =>
  startIsolate({
    store,
    time,
    async sleep(ms) {
      if (ms > 0) return time.sleep(ms);
      pieces++;
      if (paused) await new Promise<void>((go) => waiting.push(go));
    },
    ...around,
  });

const release = ({ source }: Isolate): number | undefined => source.serving()?.release.statement.release;

/** A request after the next interval, and all that it leaves to run. */
async function look(isolate: Isolate): Promise<void> {
  await time.advance(times.pollMs);
  await isolate.request();
  await time.settle();
}

const publish = (entries: Entries, configRoot?: string): Promise<Published> =>
  log.publish({ entries, time: startSeconds, ...(configRoot === undefined ? {} : { statement: { configRoot } }) });

describe("a digest that matches with a root that doesn't", () => {
  test("is served while its tree is recomputed, then given up for the last good release, and never believed again", async () => {
    store.show(await publish(manyEntries(10_000)));
    const isolate = isolateOf();
    await look(isolate);
    paused = true;
    store.show(await publish(manyEntries(50_000), wrongRoot));
    await look(isolate);
    expect(release(isolate)).toBe(1);
    paused = false;
    for (const go of waiting) go();
    await time.settle();
    expect([release(isolate), isolate.code()]).toEqual([0, "config_root_mismatch"]);

    paused = true;
    await look(isolate);
    expect([release(isolate), isolate.source.failures.counts()["config_root_mismatch"]]).toEqual([0, 2]);
    // The same content under another head.
    store.show(await log.publish({ overlay: { split: { kill: true } }, time: startSeconds }));
    await look(isolate);
    expect([release(isolate), isolate.source.failures.counts()["config_root_mismatch"]]).toEqual([0, 3]);

    paused = false;
    store.show(await publish(manyEntries(60_000)));
    await look(isolate);
    expect(release(isolate)).toBe(3);
  });

  test("is given up for the newest release of what was proven: a kill isn't undone by it", async () => {
    store.show(await publish(manyEntries(100_000)));
    const isolate = isolateOf();
    await look(isolate);
    store.show(await log.publish({ overlay: { split: { kill: true } }, time: startSeconds }));
    await look(isolate);
    store.show(await publish(manyEntries(50_000), wrongRoot));
    await look(isolate);
    expect([release(isolate), isolate.code()]).toEqual([1, "config_root_mismatch"]);
  });

  test("leaves a cold isolate with nothing, and no copy of it is kept", async () => {
    const copies: unknown[] = [];
    store.show(await publish(manyEntries(10_000), wrongRoot));
    const isolate = isolateOf({
      coldCopy: { read: async () => undefined, write: async (release) => void copies.push(release) },
    });
    await look(isolate);
    expect([release(isolate), isolate.code(), copies]).toEqual([undefined, "config_root_mismatch", []]);
  });
});

describe("a proof", () => {
  test("that was lost with its request is made beside a later one", async () => {
    paused = true;
    store.show(await publish(manyEntries(10_000), wrongRoot));
    const isolate = isolateOf();
    await look(isolate);
    paused = false;
    for (let i = 0; i < 5; i++) await look(isolate);
    expect([release(isolate), isolate.code()]).toEqual([0, undefined]);
    await time.advance(10_000);
    await look(isolate);
    expect([release(isolate), isolate.code()]).toEqual([undefined, "config_root_mismatch"]);
  });

  test("is made once for each content, not for each release", async () => {
    store.show(await publish(manyEntries(10_000)));
    const isolate = isolateOf();
    await look(isolate);
    expect(pieces).toBe(1);
    store.show(await log.publish({ overlay: { split: { kill: true } }, time: startSeconds }));
    await look(isolate);
    expect([release(isolate), pieces]).toEqual([1, 1]);
  });

  test("of a release that came while the one before was proven stands for both", async () => {
    paused = true;
    store.show(await publish(manyEntries(10_000)));
    const isolate = isolateOf();
    await look(isolate);
    store.show(await log.publish({ overlay: { split: { kill: true } }, time: startSeconds }));
    await look(isolate);
    expect([release(isolate), pieces]).toEqual([1, 1]);
    paused = false;
    for (const go of waiting) go();
    await time.settle();
    store.show(await publish(manyEntries(50_000), wrongRoot));
    await look(isolate);
    expect([release(isolate), isolate.code()]).toEqual([1, "config_root_mismatch"]);
  });
});

test("a signed revision that this router can't make sense of is refused, once compiled and not again", async () => {
  store.show(await publish(splitEntries(10_000)));
  const isolate = isolateOf();
  await look(isolate);
  store.show(await publish(splitEntries(10_000, {}, { "flag:split": undefined })));
  await look(isolate);
  expect([release(isolate), isolate.code()]).toEqual([0, "revision_unusable"]);
  const reads = store.reads();
  await look(isolate);
  expect([release(isolate), store.reads() - reads, isolate.logged.length]).toEqual([0, 1, 1]);
});
