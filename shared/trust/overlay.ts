/**
 * The overlay: what operators may do to a revision without a new one. It can only send a flag to its default variant, or
 * to a percent that the approved revision's `steps` list.
 */
import * as v from "valibot";
import type { Entries, FlagEntry, Millipercent } from "../document/entry.ts";
import { isName } from "../document/names.ts";
import { exceedsBytes } from "../encoding/bytes.ts";
import { digestOf, type Digest } from "../encoding/digest.ts";
import { canonicalJson, isObject } from "../encoding/json.ts";
import { limits } from "../limits.ts";

const changeSchema = v.union([
  v.strictObject({ kill: v.literal(true) }),
  /** A percent that the flag's `steps` list, by value: an edit of the list can't change what is served. */
  v.strictObject({ stage: v.pipe(v.number(), v.minValue(0), v.maxValue(100)) }),
]);
export type OverlayChange = v.InferOutput<typeof changeSchema>;

export type Overlay = Readonly<Record<string, OverlayChange>>;

/** Not `v.record`: it leaves out keys such as `constructor`, so that a flag of that name could not be killed. */
export const overlaySchema = v.custom<Overlay>(isOverlay, "not an overlay");

/** Whether an edge would read it: its flags' names, its changes, and within bounds. */
export function isOverlay(value: unknown): value is Overlay {
  if (!isObject(value)) return false;
  const changes = Object.entries(value);
  return (
    changes.length <= limits.overlayFlagsMax &&
    changes.every(([flag, change]) => isName(flag) && v.is(changeSchema, change)) &&
    !exceedsBytes(canonicalJson(value), limits.overlayBytesMax)
  );
}

export const overlayDigest = (overlay: Overlay): Digest => digestOf(canonicalJson(overlay));

/** The step of this flag's plan that equals the percent, in thousandths, or `undefined`. */
export function stepAt(flag: FlagEntry, percent: number): Millipercent | undefined {
  const { rollout } = flag;
  // What was signed needn't have been validated.
  const steps: unknown = isObject(rollout) ? rollout["steps"] : undefined;
  return Array.isArray(steps) ? (steps as Millipercent[]).find((step) => step / 1000 === percent) : undefined;
}

/** The first flag that the overlay names and may not: unknown, or moved to a percent outside its plan. */
export function danglingOverlay(overlay: Overlay, entries: Entries): { flag: string; why: string } | undefined {
  for (const [flag, change] of Object.entries(overlay)) {
    const entry = entries.get(`flag:${flag}`) as FlagEntry | undefined;
    if (entry === undefined) return { flag, why: "no such flag in this revision" };
    if ("stage" in change && stepAt(entry, change.stage) === undefined) {
      return { flag, why: `${change.stage} % is not among the flag's steps` };
    }
  }
  return undefined;
}
