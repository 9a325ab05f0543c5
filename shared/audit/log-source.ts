/** What an auditor reads of a log. None of it is believed; each read may throw where the source can't be reached. */
import type { Hash } from "../merkle/hash.ts";
import type { Detail } from "../trust/detail.ts";
import type { Overlay } from "../trust/overlay.ts";

export interface LogSource {
  readonly checkpoint: () => Promise<string>;
  /** Exact texts, from index `from` up to but not including `to`; fewer where there are fewer. */
  readonly statements: (from: number, to: number) => Promise<readonly string[]>;
  /** Leaf hashes, likewise. */
  readonly leaves: (from: number, to: number) => Promise<readonly Hash[]>;
  /** Text of the mesh's policy of this number, or `null`. */
  readonly policy: (number: number) => Promise<string | null>;
  /** What statements hold digests of. Absent: the auditor may not read it. */
  readonly content?: ContentSource | undefined;
}

export interface ContentSource {
  /** `undefined` where what is found can't be one. */
  readonly besides: (from: number, to: number) => Promise<readonly (Beside | undefined)[]>;
  /** The snapshot of a release, or `null`. */
  readonly snapshot: (release: number) => Promise<string | null>;
}

/** What travels beside a statement. */
export interface Beside {
  readonly overlay: Overlay;
  readonly detail: Detail;
}
