/** What a Worker measures of one load, as it tells it to the bench. */
export interface Loaded {
  readonly entries: number;
  readonly fetchMs: number;
  /** Verified in full, and compiled: ready to serve. */
  readonly readyMs: number;
  /** The tree, recomputed beside the requests. */
  readonly treeMs: number;
}
