/** Whom a release moves to other variants, as the API tells whoever made it. */
import { rebucketingText, type Served, type Rebucketing } from "../../shared/flags/rebucket.ts";
import { rebucketedFlags } from "../../shared/flags/rebucketed.ts";

export interface RebucketingAnswer {
  readonly flag: string;
  /** `new-checkout: on 10 % → 25 %: 15 % move off→on, 0 % move otherwise`. */
  readonly text: string;
  /** `null`: the code default of whoever asks. Percents are exact, of those that `of` names. */
  readonly moves: readonly { readonly from: string | null; readonly to: string | null; readonly percent: number }[];
  readonly of: Rebucketing["of"];
  readonly othersMayMove: boolean;
}

/** @param before absent: there was nothing, and nobody moves */
export function describeRebucketing(before: Served | undefined, after: Served): readonly RebucketingAnswer[] {
  if (before === undefined) return [];
  return rebucketedFlags(before, after).map(({ flag, rebucketing }) => ({
    flag,
    text: rebucketingText(flag, rebucketing),
    moves: rebucketing.moves.map(({ from, to, share }) => ({
      from: from ?? null,
      to: to ?? null,
      percent: share / 1_000,
    })),
    of: rebucketing.of,
    othersMayMove: rebucketing.othersMayMove,
  }));
}
