/** What an edge holds once it believed a release, and what it reads to believe the next. */
import type { Entries } from "../document/entry.ts";
import type { Digest } from "../encoding/digest.ts";
import type { Frontier } from "../merkle/frontier.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { Checkpoint } from "../trust/checkpoint.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import type { Overlay } from "../trust/overlay.ts";
import type { Statement } from "../trust/statement.ts";

export interface VerifiedRelease {
  /** Exact text of the head that was believed. */
  readonly head: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Of the whole log, this release's leaf included. */
  readonly frontier: Frontier;
  readonly statement: Statement;
  /** In force. */
  readonly policy: MeshPolicy;
  /** From the one that the deployment pins to the one in force. */
  readonly policies: readonly MeshPolicy[];
  readonly overlay: Overlay;
  readonly entries: Entries;
  /** Its digest was checked. The tree in it is not yet: that is recomputed in the background. */
  readonly snapshot: Snapshot;
  readonly snapshotText: string;
  /** Unix seconds of the newest freshness seen. */
  readonly freshAt: number;
}

/** What isn't text is nothing: a store may be none, and answer with anything. */
export const textOrNull = (answer: unknown): string | null => (typeof answer === "string" ? answer : null);

/** Reads of the hostile store. Each may throw where the store can't be reached; none is believed. */
export interface StoreReads {
  /** Leaf hashes of the log, base64, from index `from` up to but not including `to`. */
  readonly leaves: (from: number, to: number) => Promise<readonly string[]>;
  readonly statements: (from: number, to: number) => Promise<readonly string[]>;
  readonly policy: (digest: Digest) => Promise<string | null>;
  readonly snapshot: (digest: Digest) => Promise<string | null>;
}
