/**
 * Percentage rollouts: which variant a targeting key falls to. The same arithmetic as flagd's `fractional` (version 2)
 * over flag key + targeting key with a total weight of 100 000, so a share that grows keeps everybody it had.
 */
import { everybody, type Millipercent, type Rollout } from "../document/entry.ts";
import type { OverlayChange } from "../trust/overlay.ts";
import { murmur3After } from "./murmur3.ts";

export type Share = readonly [variant: string, share: Millipercent];

/**
 * The shares that a rollout gives out, in the order in which buckets are dealt. A plan gives its variant the percent
 * that the overlay names, where the plan lists it, else its first step.
 */
export function sharesOf(rollout: Rollout, change?: OverlayChange): readonly Share[] {
  if (!("steps" in rollout)) return rollout;
  const stage = change !== undefined && "stage" in change ? millipercentOf(change.stage) : undefined;
  const step = rollout.steps.find((listed) => listed === stage) ?? rollout.steps[0] ?? 0;
  return [[rollout.variant, step]];
}

/** From 0 to 99 999: the same for one targeting key in every revision of a flag. */
export function bucketer(flagKey: string): (targetingKey: string) => number {
  const hash = murmur3After(flagKey);
  // Exact: the product stays below 2^49, and dividing by a power of two loses nothing.
  return (targetingKey) => Math.floor((hash(targetingKey) * everybody) / 2 ** 32);
}

/** Read from the decimal text, as documents are: 12.5 is 12 500, and no multiplication rounds it. */
function millipercentOf(percent: number): Millipercent | undefined {
  const match = /^(\d{1,3})(?:\.(\d{1,3}))?$/.exec(String(percent));
  if (match === null) return undefined;
  return Number(match[1]) * 1000 + Number((match[2] ?? "").padEnd(3, "0"));
}
