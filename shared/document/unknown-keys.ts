/** Keys that a document's shape doesn't have: most often a typing mistake, which must not pass for a setting. */
import type * as v from "valibot";
import type { Path } from "./finding.ts";
import { nearestName } from "./names.ts";
import type { Report } from "./report.ts";
import { documentShape, isMapping } from "./schema.ts";
import { described } from "./shape.ts";

/**
 * In a flag itself they are warnings: flagd ignores them too, and a file that flagd takes must load. Everywhere else they
 * are errors.
 */
export const checkUnknownKeys = (document: unknown, report: Report): void => walk(documentShape, document, [], report);

function walk(schema: v.GenericSchema, value: unknown, path: Path, report: Report): void {
  const shape = shapeOf(schema, value);
  if (shape.members !== undefined && isMapping(value)) {
    for (const [key, member] of Object.entries(value)) walk(shape.members, member, [...path, key], report);
  } else if (shape.item !== undefined && Array.isArray(value)) {
    for (const [i, item] of value.entries()) walk(shape.item, item, [...path, i], report);
  } else if (shape.entries !== undefined && isMapping(value)) {
    for (const [key, member] of Object.entries(value)) {
      const known = Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
      if (known === undefined) reportUnknownKey(key, Object.keys(shape.entries), path, report);
      else walk(known, member, [...path, key], report);
    }
  }
}

function reportUnknownKey(key: string, known: readonly string[], path: Path, report: Report): void {
  const nearest = nearestName(key, known);
  const hint = nearest === undefined ? `known here: ${known.join(", ")}` : `did you mean ${nearest}?`;
  const inFlag = path.length === 2 && path[0] === "flags";
  if (key === "__proto__") report.error("forbidden_key", [...path, key], `${key} can't be a key`, { atKey: true });
  else if (inFlag) report.warning("unknown_flag_key", [...path, key], `${key} has no effect`, { atKey: true, hint });
  else report.error("unknown_key", [...path, key], `unknown key ${described(key)}`, { atKey: true, hint });
}

interface Walkable {
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly members?: v.GenericSchema;
}

/** What is inside a schema, through its wrappers: `optional`, `pipe`, `lazy`, and the metadata of `mapOf`. */
function shapeOf(schema: v.GenericSchema, value: unknown): Walkable {
  const layers = schema as v.GenericSchema &
    Walkable & {
      readonly wrapped?: v.GenericSchema;
      readonly getter?: (value: unknown) => v.GenericSchema;
      readonly pipe?: readonly { readonly type: string; readonly metadata?: Walkable }[];
    };
  if (layers.wrapped !== undefined) return shapeOf(layers.wrapped, value);
  if (layers.getter !== undefined) return shapeOf(layers.getter(value), value);
  for (const part of layers.pipe ?? []) {
    if (part.type === "metadata" && part.metadata?.members !== undefined) return part.metadata;
    if ("pipe" in part) return shapeOf(part as unknown as v.GenericSchema, value);
  }
  return layers;
}
