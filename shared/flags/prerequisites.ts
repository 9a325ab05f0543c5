/** Prerequisites: flags that must serve certain variants before a flag is evaluated at all. */
import { entriesOf, type Entries, type Prerequisite } from "../document/entry.ts";
import { walkGraph } from "../document/graph.ts";
import { limits } from "../limits.ts";
import type { CompiledFlag, PrerequisitesMet } from "./flag.ts";

/** Met where each flag's evaluation gives one of the variants. A flag that is DISABLED or in ERROR gives none. */
export function prerequisitesMet(
  prerequisites: readonly Prerequisite[],
  flag: (key: string) => CompiledFlag | undefined,
): PrerequisitesMet {
  return (context, timestamp) => {
    for (const { flag: key, variants } of prerequisites) {
      const variant = flag(key)?.evaluate(context, timestamp).variant;
      if (variant === undefined || !variants.includes(variant)) return false;
    }
    return true;
  };
}

/**
 * Flags whose prerequisites can't be evaluated, and why: they are missing, lead back to the flag, or lead to more
 * evaluations than the limits allow. Documents with such flags are refused; an evaluator that is given one stays safe.
 */
export function unsoundPrerequisites(entries: Entries): ReadonlyMap<string, string> {
  const graph = new Map<string, readonly string[]>();
  for (const [key, { prerequisites = [] }] of entriesOf(entries, "flag")) {
    if (prerequisites.length > 0) {
      graph.set(
        key,
        prerequisites.map(({ flag }) => flag),
      );
    }
  }
  const extents = new Map<string, Extent>();
  const unsound = new Map<string, string>();
  for (const key of walkGraph(graph).order) {
    const extent = extentOf(graph.get(key) ?? [], (needed) => {
      if (!entries.has(`flag:${needed}`)) return undefined;
      return graph.has(needed) ? extents.get(needed) : { depth: 0, evaluations: 0 };
    });
    if (extent === undefined) unsound.set(key, `The prerequisites of flag '${key}' can't be evaluated`);
    else extents.set(key, extent);
  }
  return unsound;
}

interface Extent {
  /** Flags in the longest chain. */
  readonly depth: number;
  readonly evaluations: number;
}

function extentOf(needed: readonly string[], of: (flag: string) => Extent | undefined): Extent | undefined {
  let depth = 0;
  let evaluations = 0;
  for (const flag of needed) {
    const extent = of(flag);
    if (extent === undefined) return undefined;
    depth = Math.max(depth, extent.depth + 1);
    evaluations += extent.evaluations + 1;
  }
  return depth <= limits.prerequisiteDepthMax && evaluations <= limits.prerequisiteEvaluationsMax
    ? { depth, evaluations }
    : undefined;
}
