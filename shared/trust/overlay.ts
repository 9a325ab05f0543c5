/**
 * The overlay: what operators may do to a revision without a new one. It can only send a flag to its default variant, or
 * to a percent that the approved revision's `steps` list.
 */
import * as v from "valibot";
import type { Entries, FlagEntry, Millipercent } from "../document/entry.ts";
import { digestOf, type Digest } from "../encoding/digest.ts";
import { canonicalJson } from "../encoding/json.ts";
import { limits } from "../limits.ts";

const changeSchema = v.union([
  v.strictObject({ kill: v.literal(true) }),
  /** A percent that the flag's `steps` list, by value: an edit of the list can't change what is served. */
  v.strictObject({ stage: v.number() }),
]);
export type OverlayChange = v.InferOutput<typeof changeSchema>;

export const overlaySchema = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(limits.keyCharsMax)), changeSchema),
  v.check((overlay) => Object.keys(overlay).length <= limits.overlayFlagsMax, "too many flags"),
);
export type Overlay = Readonly<Record<string, OverlayChange>>;

export const overlayDigest = (overlay: Overlay): Digest => digestOf(canonicalJson(overlay));

/** The step of this flag's plan that equals the percent, in thousandths, or `undefined`. */
export function stepAt(flag: FlagEntry, percent: number): Millipercent | undefined {
  if (flag.rollout === undefined || !("steps" in flag.rollout)) return undefined;
  return flag.rollout.steps.find((step) => step / 1000 === percent);
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
