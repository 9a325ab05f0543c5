/** The state of each flag, as operators see it: what is locked, what the overlay changes, and what is served by it now. */
import { entriesOf, everybody, type FlagEntry } from "../../shared/document/entry.ts";
import { stepAt, type OverlayChange } from "../../shared/trust/overlay.ts";
import type { MeshState } from "./mesh-state.ts";

export interface FlagState extends Omit<FlagEntry, "rollout"> {
  readonly key: string;
  readonly overlay: OverlayChange | null;
  /** What decides now: `killed` and `disabled` serve the default variant to everyone. */
  readonly status: "enabled" | "disabled" | "killed";
  /** Percent of those whom targeting leaves to the rollout, by variant. Without a rollout: all of them the default. */
  readonly shares: { readonly [variant: string]: number };
  /** Percents that operators may move between. */
  readonly steps: readonly number[];
  /** The revision that last changed the flag. */
  readonly revision: number;
  /** Leaf hash in the config tree, padded base64. */
  readonly leaf: string;
  readonly routes: readonly string[];
}

export const describeFlags = (state: MeshState): readonly FlagState[] =>
  Array.from(entriesOf(state.entries, "flag"), ([key, entry]) => describe(state, key, entry));

export function describeFlag(state: MeshState, key: string): FlagState | undefined {
  const entry = state.entries.get(`flag:${key}`) as FlagEntry | undefined;
  return entry === undefined ? undefined : describe(state, key, entry);
}

function describe(state: MeshState, key: string, entry: FlagEntry): FlagState {
  const { rollout, ...rest } = entry;
  const change = Object.hasOwn(state.overlay, key) ? (state.overlay[key] ?? null) : null;
  const locked = state.lock.entries.get(`flag:${key}`);
  const killed = change !== null && "kill" in change;
  return {
    key,
    ...rest,
    overlay: change,
    status: killed ? "killed" : entry.state === "DISABLED" ? "disabled" : "enabled",
    shares: sharesNow(entry, change),
    steps: rollout !== undefined && "steps" in rollout ? rollout.steps.map((step) => step / 1_000) : [],
    revision: locked?.rev ?? 0,
    leaf: locked?.leaf ?? "",
    routes: Array.from(entriesOf(state.entries, "route"))
      .filter(([, route]) => "flag" in route && route.flag === key)
      .map(([name]) => name),
  };
}

function sharesNow(entry: FlagEntry, change: OverlayChange | null): { readonly [variant: string]: number } {
  const byDefault = entry.defaultVariant;
  const off = entry.state === "DISABLED" || (change !== null && "kill" in change);
  const shares: Record<string, number> = {};
  let left = everybody;
  for (const [variant, share] of off ? [] : currentShares(entry, change)) {
    shares[variant] = ((shares[variant] ?? 0) * 1_000 + share) / 1_000;
    left -= share;
  }
  if (byDefault !== undefined && left > 0) shares[byDefault] = ((shares[byDefault] ?? 0) * 1_000 + left) / 1_000;
  return shares;
}

function currentShares(entry: FlagEntry, change: OverlayChange | null): readonly (readonly [string, number])[] {
  const { rollout } = entry;
  if (rollout === undefined) return [];
  if (!("steps" in rollout)) return rollout;
  const stage = change !== null && "stage" in change ? stepAt(entry, change.stage) : rollout.steps[0];
  return [[rollout.variant, stage ?? 0]];
}
