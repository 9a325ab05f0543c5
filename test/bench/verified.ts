/** What a Worker measures of the three ways to verify a snapshot, as it tells it to the bench. */
export interface Verified {
  readonly entries: number;
  /** JSON to slots, which all three need. */
  readonly parseMs: number;
  /** Every leaf from its key, salt and value, and the tree over them. */
  readonly treeMs: number;
  /** The tree over the leaf hashes that the snapshot lists. */
  readonly listMs: number;
  /** With the list: an entry's own leaf, when it is first used. */
  readonly firstUseMs: number;
  /** One SHA-256 over all of it. */
  readonly digestMs: number;
}
