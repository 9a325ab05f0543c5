/**
 * One mesh's configuration in one isolate: when to look for something newer, and who waits for it. Requests share verified
 * data through a memory; a look is guarded by a lease, which is a time, because Workers forbid a request to await another's
 * promise. A warm request awaits nothing.
 */
import type { Candidate } from "../../shared/acceptance/accept.ts";
import type { StoreReads } from "../../shared/acceptance/verified-release.ts";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import type { Announcement } from "../hub/hub.ts";
import type { ColdCopy } from "./cold-copy.ts";
import { createFailures, type Failures } from "./failures.ts";
import type { HubLink } from "./hub-link.ts";
import { createMemory, type Serving } from "./memory.ts";
import type { Store } from "./store.ts";

export type { Serving } from "./memory.ts";

export interface MeshSource {
  readonly pins: MeshPins;
  readonly failures: Failures;
  readonly serving: () => Serving | undefined;
  /**
   * To be called by every request. `undefined`: go on at once (a look at the store may have begun in the background).
   * A promise: the isolate hasn't looked for a while; it settles when it has, or when waiting longer is worse.
   */
  readonly prepare: (nowMs: number, waitUntil: (work: Promise<unknown>) => void) => Promise<void> | undefined;
  /** Unix milliseconds of the last look at the store that got an answer; 0 for never. */
  readonly checkedAtMs: () => number;
  readonly isStale: (nowMs: number) => boolean;
  /** Absent where no hub is bound: then the isolate polls. */
  readonly hub: HubLink | undefined;
}

export interface SourceTimes {
  /** Between two looks at the head under traffic. */
  readonly pollMs: number;
  /** The same while the hub's line is open. */
  readonly pollWithHubMs: number;
  /** An isolate that looked within this time serves without waiting. */
  readonly checkedMaxMs: number;
  /** How long after the beginning of a look requests wait for it, where there is a revision to serve meanwhile. */
  readonly waitMs: number;
  /** The same where there is none. */
  readonly coldWaitMs: number;
  /** After this a look counts as lost and another request may begin one. */
  readonly leaseMs: number;
}

export const defaultTimes: SourceTimes = {
  pollMs: 5_000,
  pollWithHubMs: 30_000,
  checkedMaxMs: 10_000,
  waitMs: 300,
  coldWaitMs: 5_000,
  leaseMs: 10_000,
};

/** An isolate that serves nothing looks at least so often. */
const coldPollMs = 1_000;
/** How often a request asks whether another's look is over. */
const glanceMs = 5;

export interface SourceDeps {
  readonly pins: MeshPins;
  readonly store: Store;
  readonly coldCopy: ColdCopy;
  readonly hub: HubLink | undefined;
  readonly times: SourceTimes;
  readonly clockMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly mint: () => string;
  readonly log: (line: string) => void;
}

interface Look {
  readonly beganAtMs: number;
  readonly leaseUntilMs: number;
}

export function createMeshSource(deps: SourceDeps): MeshSource {
  const { pins, store, coldCopy, hub, times, clockMs, sleep, mint, log } = deps;
  const failures = createFailures(pins.mesh, log);
  const memory = createMemory({ pins, failures, coldCopy, clockMs, sleep, mint });
  const { serving } = memory;
  /** The newest look that isn't over. Its request may have died: then its lease ends. */
  let look: Look | undefined;
  let lookedAtMs = 0;
  let checkedAtMs = 0;

  /** Never rejects. */
  async function begin(nowMs: number): Promise<void> {
    const mine: Look = { beganAtMs: nowMs, leaseUntilMs: nowMs + times.leaseMs };
    look = mine;
    await (serving() === undefined ? load() : lookAtStore());
    lookedAtMs = clockMs();
    if (look === mine) look = undefined;
  }

  const lookAtStore = (): Promise<void> =>
    attempt("store_unreachable", async () => {
      const candidate = await store.candidate();
      checkedAtMs = clockMs();
      await memory.consider(candidate, store);
    });

  /** A cold isolate: the store, held against what the hub remembers; else what the hub has; else the copy in the cache. */
  async function load(): Promise<void> {
    if (hub !== undefined) await attempt("hub_unreachable", () => recallFrom(hub));
    await lookAtStore();
    memory.serveRecalled();
    if (serving() !== undefined) return;
    await attempt("cold_copy_unreadable", async () => {
      const copy = await coldCopy.read();
      if (copy !== undefined) await memory.consider(await copy.candidate(), copy);
    });
  }

  async function recallFrom(from: HubLink): Promise<void> {
    const copy = await Promise.race([from.copy(), sleep(times.waitMs)]);
    if (copy !== undefined) await memory.recall(await copy.candidate(), copy);
  }

  /** The hub's word for a new head is only a reason to look: all of it is verified. */
  const hear = ({ head, fresh, snapshot }: Announcement): Promise<void> => {
    const candidate: Candidate = { head, fresh };
    const reads: StoreReads = { ...store, snapshot: async (digest) => snapshot ?? store.snapshot(digest) };
    return attempt("store_unreachable", async () => {
      await memory.consider(candidate, reads);
      await memory.prove();
    });
  };

  async function attempt(code: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      failures.record({ code, message: String(error) }, clockMs());
    }
  }

  /** Until a look is over: one's own, or, seen through the memory, another request's. */
  async function waitFor(theirs: Look, own: Promise<void> | undefined, cold: boolean, untilMs: number): Promise<void> {
    const isOver = (): boolean => look !== theirs || clockMs() >= untilMs || (cold && serving() !== undefined);
    while (!isOver()) await (own === undefined ? sleep(glanceMs) : Promise.race([own, sleep(glanceMs)]));
  }

  return {
    pins,
    failures,
    serving,
    checkedAtMs: () => checkedAtMs,
    hub,
    isStale(nowMs) {
      const served = serving();
      return served !== undefined && memory.isStale(served.release, nowMs);
    },
    prepare(nowMs, waitUntil) {
      if (hub?.isDue(nowMs) === true) waitUntil(hub.listen(nowMs, hear));
      const live = hub?.isLive() === true;
      const cold = serving() === undefined;
      const pollMs = live ? times.pollWithHubMs : times.pollMs;
      const sinceLook = nowMs - lookedAtMs;
      const leased = look !== undefined && nowMs < look.leaseUntilMs;
      let own: Promise<void> | undefined;
      if (!leased && sinceLook >= (cold ? Math.min(pollMs, coldPollMs) : pollMs)) {
        own = begin(nowMs);
        waitUntil(own.then(memory.prove));
      }
      const warm = !cold && (live || sinceLook < times.checkedMaxMs);
      if (warm || look === undefined) return undefined;
      // Counted from the look's beginning: a store that hangs delays few requests, not all.
      const untilMs = look.beganAtMs + (cold ? times.coldWaitMs : times.waitMs);
      return nowMs < untilMs ? waitFor(look, own, cold, untilMs) : undefined;
    },
  };
}
