/** Prerequisites of flags: each names a flag and variants that exist, none leads back to itself, no chain is endless. */
import { limits } from "../limits.ts";
import { walkGraph } from "./graph.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import type { FlagShape } from "./schema.ts";

/** `flags` are those whose shape is sound; `known` has also the names of the others. */
export function checkPrerequisites(
  flags: ReadonlyMap<string, FlagShape>,
  known: ReadonlyMap<string, unknown>,
  report: Report,
): void {
  const graph = new Map<string, readonly string[]>();
  for (const [name, flag] of flags) {
    const prerequisites = flag.prerequisites ?? [];
    graph.set(
      name,
      prerequisites.map(({ flag: needed }) => needed),
    );
    for (const [i, { flag: needed, variants }] of prerequisites.entries()) {
      const path = ["flags", name, "prerequisites", i];
      const first = prerequisites.findIndex((other) => other.flag === needed);
      if (first < i) {
        report.error("duplicate_prerequisite", [...path, "flag"], `${needed} is a prerequisite twice`, {
          related: ["flags", name, "prerequisites", first],
        });
      }
      const target = checkReference("flag", needed, known, [...path, "flag"], report) ? flags.get(needed) : undefined;
      if (target === undefined) continue;
      const offered = new Map(Object.entries(target.variants));
      for (const [j, variant] of variants.entries()) {
        checkReference("variant", variant, offered, [...path, "variants", j], report);
      }
    }
  }
  const { order, cycles } = walkGraph(graph);
  for (const cycle of cycles) {
    const [first = ""] = cycle;
    report.error(
      "prerequisite_cycle",
      ["flags", first, "prerequisites"],
      `flags wait for each other: ${cycle.join(" → ")}`,
    );
  }
  if (cycles.length === 0) checkCost(graph, order, report);
}

/** A flag is evaluated after its prerequisites, and they after theirs: the chain and the sum must stay small. */
function checkCost(graph: ReadonlyMap<string, readonly string[]>, order: readonly string[], report: Report): void {
  const depths = new Map<string, number>();
  const costs = new Map<string, number>();
  for (const name of order) {
    let depth = 0;
    let cost = 0;
    for (const needed of graph.get(name) ?? []) {
      depth = Math.max(depth, 1 + (depths.get(needed) ?? 0));
      cost = Math.min(cost + 1 + (costs.get(needed) ?? 0), limits.prerequisiteEvaluationsMax + 1);
    }
    const fault = costFault(name, depth, cost);
    if (fault !== undefined) report.error(fault[0], ["flags", name, "prerequisites"], fault[1]);
    // Told once, not again for each flag further up the chain.
    depths.set(name, fault === undefined ? depth : 0);
    costs.set(name, fault === undefined ? cost : 0);
  }
}

function costFault(name: string, depth: number, cost: number): readonly [code: string, message: string] | undefined {
  const { prerequisiteDepthMax, prerequisiteEvaluationsMax } = limits;
  if (depth > prerequisiteDepthMax) {
    return ["prerequisites_too_deep", `a chain of prerequisites has at most ${prerequisiteDepthMax} flags`];
  }
  if (cost > prerequisiteEvaluationsMax) {
    const message = `${name} would lead to more than ${prerequisiteEvaluationsMax} evaluations of prerequisites`;
    return ["prerequisites_too_many", message];
  }
  return undefined;
}
