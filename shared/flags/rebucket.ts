/**
 * What share of users a change moves to another variant. Exact: a user's bucket depends on flag key and targeting key
 * alone, so both revisions cut up the same line of 100 000 buckets, and the pieces can be laid upon each other.
 */
import { everybody, type Entries, type FlagEntry, type Millipercent } from "../document/entry.ts";
import { percentText } from "../document/percent.ts";
import type { Overlay } from "../trust/overlay.ts";
import { conditionsOf } from "./conditions.ts";
import { changeOf, isKilled, sharesOf } from "./rollout.ts";

/** A revision under an overlay. */
export interface Served {
  readonly entries: Entries;
  readonly overlay: Overlay;
}

/** `undefined` where a flag has no default variant, and code defaults apply. */
export type ServedVariant = string | undefined;

export interface Move {
  readonly from: ServedVariant;
  readonly to: ServedVariant;
  readonly share: Millipercent;
}

export interface ShareChange {
  readonly variant: ServedVariant;
  readonly before: Millipercent;
  readonly after: Millipercent;
}

export interface Rebucketing {
  /** The variants whose share changes, but for a default variant that stays the same: it has what the others leave. */
  readonly shares: readonly ShareChange[];
  /** Empty where everybody stays. */
  readonly moves: readonly Move[];
  /** Of whom these are shares: of all with a targeting key, or of those whom targeting and prerequisites leave over. */
  readonly of: "everybody" | "rollout";
  /** What stands before the rollout changed too: the others may move, and no arithmetic says how many. */
  readonly othersMayMove: boolean;
}

/** As routes see it: a flag that is killed or DISABLED serves its default variant. `undefined`: not in both revisions. */
export function rebucket(flagKey: string, before: Served, after: Served): Rebucketing | undefined {
  const from = piecesOf(flagKey, before);
  const to = piecesOf(flagKey, after);
  if (from === undefined || to === undefined) return undefined;
  const overlaps = overlapsOf(from, to);
  const [conditionsBefore, conditionsAfter] = [conditionsOf(flagKey, before), conditionsOf(flagKey, after)];
  return {
    shares: shareChangesOf(overlaps).filter(
      ({ variant }) => variant !== from.at(-1)?.variant || variant !== to.at(-1)?.variant,
    ),
    moves: overlaps.filter((overlap) => overlap.from !== overlap.to),
    of: conditionsBefore === undefined && conditionsAfter === undefined ? "everybody" : "rollout",
    othersMayMove: conditionsBefore !== conditionsAfter,
  };
}

/** `new-checkout: on 10 % → 25 %: 15 % move off→on, 0 % move otherwise`. */
export function rebucketingText(flagKey: string, { shares, moves, of, othersMayMove }: Rebucketing): string {
  const changed = shares.map(
    ({ variant, before, after }) => `${nameOf(variant)} ${percentText(before)} % → ${percentText(after)} %`,
  );
  const moving = moves.map(({ from, to, share }) => `${percentText(share)} % move ${nameOf(from)}→${nameOf(to)}`);
  const text = [flagKey, changed.join(", "), [...moving, "0 % move otherwise"].join(", ")].filter(
    (part) => part !== "",
  );
  const among = of === "rollout" ? ", of those whom targeting and prerequisites leave to the rollout" : "";
  const others = othersMayMove ? "; what decides before the rollout changed: others may move too" : "";
  return text.join(": ") + among + others;
}

const nameOf = (variant: ServedVariant): string => variant ?? "code default";

/** The buckets from the end of the piece before up to `end`. */
interface Piece {
  readonly variant: ServedVariant;
  readonly end: Millipercent;
}

function piecesOf(flagKey: string, { entries, overlay }: Served): readonly Piece[] | undefined {
  const flag = entries.get(`flag:${flagKey}`) as FlagEntry | undefined;
  if (flag === undefined) return undefined;
  const change = changeOf(overlay, flagKey);
  const { rollout } = flag;
  const shares =
    rollout === undefined || isKilled(change) || flag.state === "DISABLED"
      ? []
      : sharesOf({ ...flag, rollout }, change);
  let end = 0;
  const pieces = shares.map(([variant, share]): Piece => {
    end = Math.min(end + share, everybody);
    return { variant, end };
  });
  return [...pieces, { variant: flag.defaultVariant, end: everybody }];
}

/** How many buckets each pair of variants has, in the order of the line. */
function overlapsOf(before: readonly Piece[], after: readonly Piece[]): readonly Move[] {
  const overlaps: Move[] = [];
  let at = 0;
  let [i, j] = [0, 0];
  while (at < everybody) {
    const [from, to] = [before[i]!, after[j]!];
    const end = Math.min(from.end, to.end);
    add(overlaps, { from: from.variant, to: to.variant, share: end - at });
    if (from.end === end) i++;
    if (to.end === end) j++;
    at = end;
  }
  return overlaps;
}

function add(overlaps: Move[], overlap: Move): void {
  if (overlap.share === 0) return;
  const known = overlaps.findIndex(({ from, to }) => from === overlap.from && to === overlap.to);
  if (known === -1) overlaps.push(overlap);
  else overlaps[known] = { ...overlap, share: overlap.share + overlaps[known]!.share };
}

function shareChangesOf(overlaps: readonly Move[]): readonly ShareChange[] {
  const variants = new Set(overlaps.flatMap(({ from, to }) => [from, to]));
  const sum = (moves: readonly Move[]): Millipercent => moves.reduce((total, { share }) => total + share, 0);
  return Array.from(variants, (variant) => ({
    variant,
    before: sum(overlaps.filter(({ from }) => from === variant)),
    after: sum(overlaps.filter(({ to }) => to === variant)),
  })).filter(({ before, after }) => before !== after);
}
