/**
 * Percentage rollouts: which variant a targeting key falls to. The same arithmetic as flagd's `fractional` (version 2)
 * over flag key + targeting key with a total weight of 100 000, so a share that grows keeps everybody it had.
 */
import { everybody, type FlagEntry, type Millipercent, type Rollout } from "../document/entry.ts";
import { stepAt, type Overlay, type OverlayChange } from "../trust/overlay.ts";
import { murmur3After } from "./murmur3.ts";

export type Share = readonly [variant: string, share: Millipercent];

export const changeOf = (overlay: Overlay, flagKey: string): OverlayChange | undefined =>
  Object.hasOwn(overlay, flagKey) ? overlay[flagKey] : undefined;

export const isKilled = (change: OverlayChange | undefined): boolean => change !== undefined && "kill" in change;

/**
 * The shares that a rollout gives out, in the order in which buckets are dealt. A plan gives its variant the percent
 * that the overlay names, where the plan lists it, else its first step.
 */
export function sharesOf(flag: FlagEntry & { rollout: Rollout }, change?: OverlayChange): readonly Share[] {
  const { rollout } = flag;
  if (!("steps" in rollout)) return rollout;
  const named = change !== undefined && "stage" in change ? stepAt(flag, change.stage) : undefined;
  return [[rollout.variant, named ?? rollout.steps[0] ?? 0]];
}

/** From 0 to 99 999: the same for one targeting key in every revision of a flag. */
export function bucketer(flagKey: string): (targetingKey: string) => number {
  const hash = murmur3After(flagKey);
  // Exact: the product stays below 2^49, and dividing by a power of two loses nothing.
  return (targetingKey) => Math.floor((hash(targetingKey) * everybody) / 2 ** 32);
}
