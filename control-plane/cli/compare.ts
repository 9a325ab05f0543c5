/** What changes from one content to another: entries, what operators did, and whom it moves. */
import { changesBetween, type EntryChange } from "../../shared/document/entry-changes.ts";
import { equalJson } from "../../shared/encoding/equal-json.ts";
import { rebucketingText, type Served } from "../../shared/flags/rebucket.ts";
import { rebucketedFlags, type RebucketedFlag } from "../../shared/flags/rebucketed.ts";
import { changeOf } from "../../shared/flags/rollout.ts";
import type { OverlayChange } from "../../shared/trust/overlay.ts";
import { changeLines } from "./change-text.ts";
import { visible } from "./visible-text.ts";

export interface Comparison {
  readonly entries: readonly EntryChange[];
  /** By flag, in alphabetical order; `null`: as locked. */
  readonly overlay: readonly {
    readonly flag: string;
    readonly before: OverlayChange | null;
    readonly after: OverlayChange | null;
  }[];
  /** Exact shares of users, in thousandths of a percent. */
  readonly rebucketed: readonly RebucketedFlag[];
}

export function compare(before: Served, after: Served): Comparison {
  const flags = [...new Set([...Object.keys(before.overlay), ...Object.keys(after.overlay)])].sort();
  return {
    entries: changesBetween(before.entries, after.entries),
    overlay: flags
      .map((flag) => ({
        flag,
        before: changeOf(before.overlay, flag) ?? null,
        after: changeOf(after.overlay, flag) ?? null,
      }))
      .filter(({ before, after }) => !equalJson(before, after)),
    rebucketed: rebucketedFlags(before, after),
  };
}

/** `nothing changes`, or a line for each thing that does. */
export function comparisonLines({ entries, overlay, rebucketed }: Comparison): readonly string[] {
  if (entries.length + overlay.length + rebucketed.length === 0) return ["nothing changes"];
  return [
    ...entries.flatMap(changeLines),
    ...overlay.map(({ flag, before, after }) => `${visible(flag)}: ${operated(before)} → ${operated(after)}`),
    ...(rebucketed.length === 0
      ? ["nobody moves to another variant of a flag that is in both"]
      : rebucketed.map(({ flag, rebucketing }) => visible(rebucketingText(flag, rebucketing)))),
  ];
}

/** In an operator's words. */
export function operated(change: OverlayChange | null): string {
  if (change === null) return "as locked";
  return "kill" in change ? "killed" : `staged at ${change.stage} %`;
}
