/**
 * What one isolate believes of a mesh. A release is served as soon as its snapshot has the signed digest; the tree in it
 * is recomputed beside the requests, and a release whose tree gives another root is given up for the one before.
 */
import { accept, type Candidate } from "../../shared/acceptance/accept.ts";
import { refusal, type Refusal } from "../../shared/acceptance/refusal.ts";
import type { StoreReads, VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import { compileRevision, type Revision } from "../revision.ts";
import type { ColdCopy } from "./cold-copy.ts";
import type { Failure, Failures } from "./failures.ts";
import { checkTree } from "./tree-check.ts";

export interface Serving {
  readonly release: VerifiedRelease;
  readonly revision: Revision;
}

export interface Memory {
  readonly serving: () => Serving | undefined;
  /** Whether a release is older than the deployment allows a fresh one to be. */
  readonly isStale: (release: VerifiedRelease, nowMs: number) => boolean;
  /** Verifies what a store gave, and serves it if it is newer. Refusals are recorded. Throws where a read of `from` does. */
  readonly consider: (candidate: Candidate, from: StoreReads) => Promise<void>;
  /** Verifies what the hub gave to an isolate that serves nothing yet: whatever is served has to extend it. Throws as `consider` does. */
  readonly recall: (candidate: Candidate, from: StoreReads) => Promise<void>;
  /** Serves what was recalled, where nothing newer was found and the deployment allows its age. */
  readonly serveRecalled: () => void;
  /** Recomputes the tree of what is served, once for each content, and then keeps a copy for cold isolates. Never rejects. */
  readonly prove: () => Promise<void>;
}

export interface MemoryDeps {
  readonly pins: MeshPins;
  readonly failures: Failures;
  readonly coldCopy: ColdCopy;
  readonly clockMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly mint: () => string;
}

/** The platform ends background work after 30 s; then another request may begin a proof. */
const proofLeaseMs = 30_000;
/** A memory that keeps changing under a look isn't behind. */
const attemptsMax = 3;
/** Each takes a signed release of its own. */
const disbelievedMax = 64;

/** What the statement says of the entries; a tree has to be recomputed once for each. */
const contentOf = ({ statement }: VerifiedRelease): string => `${statement.snapshotDigest} ${statement.configRoot}`;

export function createMemory({ pins, failures, coldCopy, clockMs, sleep, mint }: MemoryDeps): Memory {
  let serving: Serving | undefined;
  let recalled: VerifiedRelease | undefined;
  /** The newest release whose tree gave its root: what is gone back to. */
  let proven: Serving | undefined;
  let proving: { readonly content: string; readonly untilMs: number } | undefined;
  /** Contents whose tree gave another root: never believed again by this isolate. */
  const disbelieved = new Map<string, Refusal>();
  /** A head that needn't be verified again to be refused. */
  let refused: { readonly head: string; readonly why: Failure } | undefined;
  /** The renewal that the freshness of what is served came from. */
  let renewal: string | null = null;
  let kept: VerifiedRelease | undefined;

  const isStale: Memory["isStale"] = ({ freshAt }, nowMs) => nowMs / 1_000 - freshAt > pins.maxStale;
  const isTooOldToBegin = (release: VerifiedRelease): boolean =>
    serving === undefined && pins.coldStale === "refuse" && isStale(release, clockMs());

  async function consider(candidate: Candidate, from: StoreReads): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (refused !== undefined && candidate.head === refused.head) {
        failures.record(refused.why, clockMs());
        return;
      }
      const before = serving;
      const known = before?.release ?? recalled;
      const accepted = await accept(candidate, known, pins, from, Math.floor(clockMs() / 1_000));
      // What another look believed meanwhile is what this candidate has to be held against.
      if (serving !== before) continue;
      if (!accepted.ok) {
        failures.record(accepted.error, clockMs());
        return;
      }
      const { release, fault } = accepted.value;
      if (fault !== undefined) failures.record(fault, clockMs());
      if (release !== before?.release) believe(release, candidate.fresh);
      return;
    }
  }

  function believe(release: VerifiedRelease, fresh: string | null): void {
    const mismatch = disbelieved.get(contentOf(release));
    if (mismatch !== undefined) {
      refuse(release.head, mismatch);
    } else if (isTooOldToBegin(release)) {
      recalled = release;
      failures.record(refusal("stale", "an isolate that was never fresh may not serve it"), clockMs());
    } else {
      serve(release, fresh);
    }
  }

  function serve(release: VerifiedRelease, fresh: string | null): void {
    const before = serving;
    const same = before !== undefined && before.release.entries === release.entries;
    try {
      const revision =
        same && before.release.overlay === release.overlay ? before.revision : compileRevision(release, mint, before);
      serving = { release, revision };
    } catch (error) {
      // Signed, and yet of a form that this router can't make sense of.
      refuse(release.head, { code: "revision_unusable", message: String(error) });
      return;
    }
    if (release.freshAt > (before?.release.freshAt ?? 0)) renewal = fresh;
    if (proven !== undefined && contentOf(proven.release) === contentOf(release)) proven = serving;
  }

  function refuse(head: string, why: Failure): void {
    refused = { head, why };
    failures.record(why, clockMs());
  }

  async function recall(candidate: Candidate, from: StoreReads): Promise<void> {
    const now = Math.floor(clockMs() / 1_000);
    const accepted = await accept(candidate, undefined, { ...pins, coldStale: "serve" }, from, now);
    if (accepted.ok) recalled = accepted.value.release;
    else failures.record(accepted.error, clockMs());
  }

  async function prove(): Promise<void> {
    if (serving === undefined) return;
    const { release } = serving;
    const content = contentOf(release);
    if (proven === undefined || contentOf(proven.release) !== content) {
      if (proving !== undefined && proving.content === content && clockMs() < proving.untilMs) return;
      proving = { content, untilMs: clockMs() + proofLeaseMs };
      const fault = await checkTree(release, () => sleep(0));
      proving = undefined;
      if (fault !== undefined) {
        giveUp(content, fault);
        return;
      }
      // It may be a later release by now, or a later content, whose own proof is under way.
      if (serving === undefined || contentOf(serving.release) !== content) return;
      proven = serving;
    }
    await keepCopy(serving.release);
  }

  function giveUp(content: string, fault: Refusal): void {
    if (disbelieved.size < disbelievedMax) disbelieved.set(content, fault);
    if (recalled !== undefined && contentOf(recalled) === content) recalled = undefined;
    if (serving === undefined || contentOf(serving.release) !== content) {
      failures.record(fault, clockMs());
      return;
    }
    refuse(serving.release.head, fault);
    serving = proven;
  }

  async function keepCopy(release: VerifiedRelease): Promise<void> {
    if (release === kept) return;
    kept = release;
    try {
      await coldCopy.write(release, renewal);
    } catch (error) {
      failures.record({ code: "cold_copy_unwritable", message: String(error) }, clockMs());
    }
  }

  return {
    serving: () => serving,
    isStale,
    consider,
    recall,
    serveRecalled() {
      if (serving === undefined && recalled !== undefined && !isTooOldToBegin(recalled)) believe(recalled, null);
    },
    prove,
  };
}
