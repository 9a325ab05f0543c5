/** Rules (flagd's JsonLogic): how large they are, with the segments they refer to, and which those are. */
import { isObject, type Json } from "../encoding/json.ts";
import { checkTargeting } from "../flags/targeting-check.ts";
import { limits } from "../limits.ts";
import { walkGraph } from "./graph.ts";
import type { Path } from "./finding.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import { described } from "./shape.ts";

/** A rule as an evaluator meets it: segments counted in full wherever they are referred to. */
export interface Extent {
  /** Mappings, lists and scalars. */
  readonly nodes: number;
  /** Mappings and lists inside one another. */
  readonly depth: number;
}

interface Reference {
  readonly segment: Json;
  readonly path: Path;
  readonly depth: number;
}

interface Measured extends Extent {
  readonly references: readonly Reference[];
}

/** `{ $ref: name }` and nothing else, as flagd has it; the name, or `undefined`. */
const segmentReferred = (rule: Json): Json | undefined =>
  isObject(rule) && Object.keys(rule).length === 1 ? rule["$ref"] : undefined;

/** Stops counting one past a limit, so that a hostile rule costs no more than a permitted one. */
function measure(rule: Json, path: Path): Measured {
  const references: Reference[] = [];
  let nodes = 0;
  let deepest = 0;
  const visit = (value: Json, at: Path, depth: number): void => {
    nodes++;
    if (nodes > limits.targetingNodesMax || depth > limits.targetingDepthMax) return;
    const segment = segmentReferred(value);
    if (segment !== undefined) {
      references.push({ segment, path: [...at, "$ref"], depth });
    } else if (typeof value === "object" && value !== null) {
      deepest = Math.max(deepest, depth + 1);
      const members: Iterable<[string | number, Json]> = isObject(value) ? Object.entries(value) : value.entries();
      for (const [key, member] of members) visit(member, [...at, key], depth + 1);
    }
  };
  visit(rule, path, 0);
  return { nodes, depth: deepest, references };
}

export interface Segments {
  /** All segments by name, also those with faults. */
  readonly known: ReadonlyMap<string, unknown>;
  /** What a segment adds to a rule that refers to it. */
  readonly extents: ReadonlyMap<string, Extent>;
}

/** Dangling references, cycles and sizes of all segments, and what is wrong in each rule. */
export function checkSegments(
  segments: ReadonlyMap<string, Json>,
  known: ReadonlyMap<string, unknown>,
  report: Report,
): Segments {
  const measured = new Map([...segments].map(([name, rule]) => [name, measure(rule, ["$evaluators", name])]));
  const graph = new Map(
    [...measured].map(([name, { references }]) => [
      name,
      references.flatMap(({ segment }) => (typeof segment === "string" ? [segment] : [])),
    ]),
  );
  const { order, cycles } = walkGraph(graph);
  for (const cycle of cycles) {
    const message = `segments refer to each other: ${cycle.join(" → ")}`;
    report.error("segment_cycle", ["$evaluators", cycle[0] ?? ""], message, { atKey: true });
  }
  const extents = new Map<string, Extent>();
  for (const name of order) {
    const rule = segments.get(name);
    const own = measured.get(name);
    if (rule === undefined || own === undefined) continue;
    const path = ["$evaluators", name];
    const extent = checkExtent(own, path, { known, extents }, report);
    extents.set(name, extent);
    if (isWithinLimits(extent)) checkTargeting(rule, path, report);
  }
  return { known, extents };
}

/** The same of a flag's targeting. False where it is too large or too deep to be looked at further. */
export function checkRule(rule: Json, path: Path, segments: Segments, report: Report): boolean {
  const sound = isWithinLimits(checkExtent(measure(rule, path), path, segments, report));
  if (sound) checkTargeting(rule, path, report);
  return sound;
}

const isWithinLimits = ({ nodes, depth }: Extent): boolean =>
  nodes <= limits.targetingNodesMax && depth <= limits.targetingDepthMax;

function checkExtent(own: Measured, path: Path, { known, extents }: Segments, report: Report): Extent {
  let { nodes, depth } = own;
  for (const { segment, path: at, depth: below } of own.references) {
    if (typeof segment !== "string") {
      report.error("wrong_type", at, `expected the name of a segment; found ${described(segment)}`);
      continue;
    }
    checkReference("segment", segment, known, at, report);
    const inside = extents.get(segment);
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
