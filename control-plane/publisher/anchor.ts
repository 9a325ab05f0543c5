/**
 * The anchor: the control plane's own memory, outside Redis, of everything it signed. It is written before Redis is, by
 * compare-and-swap, so that no store that was emptied or restored can make it sign a second root for a size. It keeps
 * what `restore` needs to publish it all again.
 */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Result } from "../../shared/result.ts";

/** One signed release, as it goes to Redis. */
export interface SignedRelease {
  /** Leaves of the log with this release. */
  readonly size: number;
  /** Padded base64. */
  readonly root: string;
  /** Exact texts. */
  readonly head: string;
  readonly statement: string;
  /** Leaf hash, padded base64. */
  readonly leaf: string;
  /** One line for the events channel. */
  readonly event: string;
}

export interface AnchoredRelease extends SignedRelease {
  /** False from the moment it is signed until Redis is known to have it. */
  readonly published: boolean;
}

/**
 * The anchor failed: its disk is full, its file locked, or what it holds doesn't add up. What was asked of it may have
 * been done. It is thrown, because nothing between the anchor and the engine's caller can do anything about it.
 */
export class AnchorError extends Error {
  readonly code: "anchor_unavailable" | "anchor_damaged";
  constructor(code: AnchorError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a release refers to by digest: Redis keys and exact values. */
export type Blobs = ReadonlyMap<string, string>;

/** Every function rejects with an `AnchorError`, and with nothing else. */
export interface Anchor {
  readonly newest: (mesh: MeshId) => Promise<AnchoredRelease | undefined>;
  /** Releases from log size `from + 1` on, oldest first. @param from index of the first release */
  readonly releases: (mesh: MeshId, from: number, to: number) => Promise<readonly AnchoredRelease[]>;
  /**
   * Remembers the release after `before` (absent: the first), if that is the newest. Otherwise it names the newest, and
   * nothing is changed or signed: `sign` is called once the place is taken, so that no second root of a size is ever
   * signed. The release and its blobs are on disk when it answers.
   */
  readonly append: (
    mesh: MeshId,
    before: SignedRelease | undefined,
    sign: () => SignedRelease,
    blobs: Blobs,
  ) => Promise<Result<SignedRelease, AnchoredRelease>>;
  readonly markPublished: (mesh: MeshId, size: number) => Promise<void>;
  readonly blob: (mesh: MeshId, key: string) => Promise<string | undefined>;
  readonly blobs: (mesh: MeshId) => AsyncIterable<readonly [key: string, value: string]>;
  readonly close: () => Promise<void>;
}
