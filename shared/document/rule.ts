/** Rules (flagd's JsonLogic): how large they are, with the segments they refer to, and which those are. */
import { limits } from "../limits.ts";
import { walkGraph } from "./graph.ts";
import type { Path } from "./finding.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import { isMapping } from "./schema.ts";

/** A rule as an evaluator meets it: segments counted in full wherever they are referred to. */
export interface Extent {
  /** Mappings, lists and scalars. */
  readonly nodes: number;
  /** Mappings and lists inside one another. */
  readonly depth: number;
}

interface Reference {
  readonly segment: string;
  readonly path: Path;
  readonly depth: number;
}

interface Measured extends Extent {
  readonly references: readonly Reference[];
}

/** `{ $ref: name }` and nothing else, as flagd has it; the name, or `undefined`. */
export function segmentReferred(rule: unknown): string | undefined {
  if (!isMapping(rule)) return undefined;
  const keys = Object.keys(rule);
  const segment = rule["$ref"];
  return keys.length === 1 && typeof segment === "string" ? segment : undefined;
}

/** Stops counting one past a limit, so that a hostile rule costs no more than a permitted one. */
function measure(rule: unknown, path: Path): Measured {
  const references: Reference[] = [];
  let nodes = 0;
  let deepest = 0;
  const visit = (value: unknown, at: Path, depth: number): void => {
    nodes++;
    if (nodes > limits.targetingNodesMax || depth > limits.targetingDepthMax) return;
    const segment = segmentReferred(value);
    if (segment !== undefined) {
      references.push({ segment, path: [...at, "$ref"], depth });
    } else if (typeof value === "object" && value !== null) {
      deepest = Math.max(deepest, depth + 1);
      const members = Array.isArray(value) ? value.entries() : Object.entries(value);
      for (const [key, member] of members) visit(member, [...at, key], depth + 1);
    }
  };
  visit(rule, path, 0);
  return { nodes, depth: deepest, references };
}

/** Measures all segments: dangling references, cycles, and what each adds to a rule that refers to it. */
export function checkSegments(
  segments: ReadonlyMap<string, unknown>,
  known: ReadonlyMap<string, unknown>,
  report: Report,
): ReadonlyMap<string, Extent> {
  const measured = new Map([...segments].map(([name, rule]) => [name, measure(rule, ["$evaluators", name])]));
  const graph = new Map(
    [...measured].map(([name, { references }]) => [name, references.map(({ segment }) => segment)]),
  );
  const { order, cycles } = walkGraph(graph);
  for (const cycle of cycles) {
    const [first = ""] = cycle;
    report.error("segment_cycle", ["$evaluators", first], `segments refer to each other: ${cycle.join(" → ")}`, {
      atKey: true,
    });
  }
  const extents = new Map<string, Extent>();
  for (const name of order) {
    const own = measured.get(name);
    if (own !== undefined) extents.set(name, checkExtent(own, ["$evaluators", name], known, extents, report));
  }
  return extents;
}

/** Measures a flag's targeting, with its segments. */
export function checkTargetingExtent(
  rule: unknown,
  path: Path,
  known: ReadonlyMap<string, unknown>,
  segments: ReadonlyMap<string, Extent>,
  report: Report,
): void {
  checkExtent(measure(rule, path), path, known, segments, report);
}

function checkExtent(
  own: Measured,
  path: Path,
  known: ReadonlyMap<string, unknown>,
  segments: ReadonlyMap<string, Extent>,
  report: Report,
): Extent {
  let { nodes, depth } = own;
  for (const { segment, path: at, depth: below } of own.references) {
    checkReference("segment", segment, known, at, report);
    const inside = segments.get(segment);
    nodes += inside?.nodes ?? 0;
    depth = Math.max(depth, below + (inside?.depth ?? 0));
  }
  const { targetingNodesMax, targetingDepthMax } = limits;
  if (nodes > targetingNodesMax) {
    report.error("targeting_too_large", path, `a rule has at most ${targetingNodesMax} values, its segments included`);
  }
  if (depth > targetingDepthMax) {
    report.error("targeting_too_deep", path, `a rule is at most ${targetingDepthMax} deep, its segments included`);
  }
  // Past a limit every number says the same; the cap keeps a chain of doubling segments within exact integers.
  return { nodes: Math.min(nodes, targetingNodesMax + 1), depth: Math.min(depth, targetingDepthMax + 1) };
}
