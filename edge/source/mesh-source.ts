/**
 * One mesh's configuration in one isolate: what is served now, and when to look for something newer. Refreshes share
 * verified data through this memory and are guarded by a lease, a timestamp: Workers forbid a request to await another's
 * promise. A warm request awaits nothing.
 */
import { accept } from "../../shared/acceptance/accept.ts";
import { refusal } from "../../shared/acceptance/refusal.ts";
import type { VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import { compileRevision, type Revision } from "../revision.ts";
import type { ColdCopy } from "./cold-copy.ts";
import { createFailures, type Failures } from "./failures.ts";
import type { HubLink } from "./hub-link.ts";
import type { Announcement } from "../hub/hub.ts";
import type { Store } from "./store.ts";
import { checkTree } from "./tree-check.ts";

export interface Serving {
  readonly release: VerifiedRelease;
  readonly revision: Revision;
}

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
  /** How long a request waits for a look, where there is a revision to serve meanwhile. */
  readonly waitMs: number;
  /** The same where there is none. */
  readonly coldWaitMs: number;
  /** After this a refresh counts as lost and another request may begin one. */
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

export function createMeshSource(deps: SourceDeps): MeshSource {
  const { pins, store, coldCopy, hub, times, clockMs, sleep, mint, log } = deps;
  const failures = createFailures(pins.mesh, log);
  let serving: Serving | undefined;
  /** Verified and not served: the hub's copy in a cold isolate, which what the store has must extend. */
  let remembered: VerifiedRelease | undefined;
  let attemptedAtMs = 0;
  let checkedAtMs = 0;
  let leaseUntilMs = 0;
  /** Head of a release whose tree turned out wrong: never believed again by this isolate. */
  let discarded: string | undefined;

  function install(release: VerifiedRelease): Serving {
    const previous = serving;
    const sameContent =
      previous !== undefined &&
      previous.release.entries === release.entries &&
      previous.release.overlay === release.overlay;
    serving = { release, revision: sameContent ? previous.revision : compileRevision(release, mint, previous) };
    return serving;
  }

  /** One look at the store. Never throws. Takes the lease before it first waits, so that no request of this turn begins another. */
  async function refresh(from: Store, isCopy = false): Promise<void> {
    leaseUntilMs = clockMs() + times.leaseMs;
    const before = serving;
    try {
      const candidate = await from.candidate();
      if (candidate.head !== null && candidate.head === discarded) return;
      const known = before?.release ?? remembered;
      const accepted = await accept(candidate, known, pins, from, unixSeconds());
      if (!isCopy) checkedAtMs = clockMs();
      if (!accepted.ok) {
        failures.record(accepted.error, clockMs());
        return;
      }
      const { release, fault } = accepted.value;
      if (fault !== undefined) failures.record(fault, clockMs());
      // Another refresh may have been faster.
      if (release === before?.release || (serving?.release.checkpoint.size ?? 0) > release.checkpoint.size) return;
      if (before === undefined && pins.coldStale === "refuse" && isOld(release, clockMs())) {
        remembered = release;
        failures.record(refusal("stale", `an isolate that was never fresh may not serve it`), clockMs());
        return;
      }
      install(release);
      if (release.entries !== before?.release.entries && !(await keepIfTreeAgrees(release, before))) return;
      if (!isCopy) await keepCopy(release, candidate.fresh);
    } catch (error) {
      failures.record({ code: "store_unreachable", message: String(error) }, clockMs());
    } finally {
      attemptedAtMs = clockMs();
      leaseUntilMs = 0;
    }
  }

  async function keepCopy(release: VerifiedRelease, fresh: string | null): Promise<void> {
    try {
      await coldCopy.write(release, fresh);
    } catch (error) {
      failures.record({ code: "cold_copy_unwritable", message: String(error) }, clockMs());
    }
  }

  /** The background half of step 7. Requests are served while it runs: the digest has been checked. */
  async function keepIfTreeAgrees(release: VerifiedRelease, before: Serving | undefined): Promise<boolean> {
    leaseUntilMs = 0;
    attemptedAtMs = clockMs();
    const fault = await checkTree(release, () => sleep(0));
    if (fault === undefined) return true;
    failures.record(fault, clockMs());
    if (serving?.release.entries === release.entries) {
      discarded = serving.release.head;
      serving = before;
    }
    return false;
  }

  const unixSeconds = (): number => Math.floor(clockMs() / 1_000);
  const isOld = ({ freshAt }: VerifiedRelease, nowMs: number): boolean => nowMs / 1_000 - freshAt > pins.maxStale;

  /** A cold isolate: what the hub remembers, then the store, which must extend it; else what the hub or the cache has. */
  async function load(): Promise<void> {
    leaseUntilMs = clockMs() + times.leaseMs;
    if (hub !== undefined) await recall(hub);
    await refresh(store);
    if (serving !== undefined || checkedAtMs > 0) return;
    if (remembered !== undefined && !(pins.coldStale === "refuse" && isOld(remembered, clockMs()))) {
      install(remembered);
      return;
    }
    try {
      const copy = await coldCopy.read();
      if (copy !== undefined) await refresh(copy, true);
    } catch (error) {
      failures.record({ code: "cold_copy_unreadable", message: String(error) }, clockMs());
    }
  }

  async function recall(from: HubLink): Promise<void> {
    try {
      const copy = await Promise.race([from.copy(), sleep(times.waitMs)]);
      if (copy === undefined) return;
      const accepted = await accept(
        await copy.candidate(),
        undefined,
        { ...pins, coldStale: "serve" },
        copy,
        unixSeconds(),
      );
      if (accepted.ok) remembered = accepted.value.release;
      else failures.record(accepted.error, clockMs());
    } catch (error) {
      failures.record({ code: "hub_unreachable", message: String(error) }, clockMs());
    }
  }

  /** The hub's word for a new head is only a reason to look: all of it is verified. */
  const hear = ({ head, fresh, snapshot }: Announcement): Promise<void> =>
    refresh({
      ...store,
      candidate: async () => ({ head, fresh }),
      snapshot: async (digest) => snapshot ?? store.snapshot(digest),
    });

  /** Until somebody's look is done: one's own, or, seen through the memory, the one that holds the lease. */
  async function waitForLook(sinceMs: number, own: Promise<void> | undefined): Promise<void> {
    const until = sinceMs + (serving === undefined ? times.coldWaitMs : times.waitMs);
    let settled = false;
    const mine = own?.then(() => (settled = true));
    const looked = (): boolean => settled || (serving !== undefined && attemptedAtMs >= sinceMs);
    const mayWait = (nowMs: number): boolean => nowMs < until && (mine !== undefined || leaseUntilMs > nowMs);
    while (!looked() && mayWait(clockMs())) await (mine === undefined ? sleep(5) : Promise.race([mine, sleep(5)]));
  }

  return {
    pins,
    failures,
    serving: () => serving,
    checkedAtMs: () => checkedAtMs,
    hub,
    isStale: (nowMs) => serving !== undefined && isOld(serving.release, nowMs),
    prepare(nowMs, waitUntil) {
      if (hub?.isDue(nowMs) === true) waitUntil(hub.listen(nowMs, hear));
      const live = hub?.isLive() === true;
      const pollMs = live ? times.pollWithHubMs : times.pollMs;
      const sinceLook = nowMs - attemptedAtMs;
      const leased = leaseUntilMs > nowMs;
      const due = sinceLook >= (serving === undefined ? Math.min(pollMs, 1_000) : pollMs);
      let work: Promise<void> | undefined;
      if (due && !leased) {
        work = serving === undefined ? load() : refresh(store);
        waitUntil(work);
      }
      const warm = serving !== undefined ? live || sinceLook < times.checkedMaxMs : !due && !leased;
      return warm ? undefined : waitForLook(nowMs, work);
    },
  };
}
