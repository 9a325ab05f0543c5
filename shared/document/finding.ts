/** One thing that is wrong, or doubtful, in a document. Pure code names the place by path; the locker adds file, line and column. */
export type Path = readonly (string | number)[];

export interface Finding {
  /** Stable: tools and tests depend on it. `snake_case`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** From the document's top: `["flags", "new-checkout", "rollout", "on"]`. Empty: the whole document. */
  readonly path: Path;
  /** What was found, and what was wanted. */
  readonly message: string;
  /** What to do about it, where there is one thing to do. */
  readonly hint?: string;
  /** Another place that it concerns, e.g. the first definition of a key. */
  readonly related?: Path;
  /** True: the key at `path` is meant, not its value. */
  readonly atKey?: boolean;
}
