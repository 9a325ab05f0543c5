/** Every flag whose users a change moves. */
import { entriesOf, type Entries, type FlagEntry } from "../document/entry.ts";
import { equalJson } from "../encoding/equal-json.ts";
import type { Json } from "../encoding/json.ts";
import { rebucket, type Rebucketing, type Served } from "./rebucket.ts";
import { changeOf } from "./rollout.ts";

export interface RebucketedFlag {
  readonly flag: string;
  readonly rebucketing: Rebucketing;
}

/** Of the flags that are in both revisions, those of which somebody moves, or may move. In the order of `after`. */
export function rebucketedFlags(before: Served, after: Served): readonly RebucketedFlag[] {
  return [...affectedFlags(before, after)].flatMap((flag) => {
    const rebucketing = rebucket(flag, before, after);
    const moves = rebucketing !== undefined && (rebucketing.moves.length > 0 || rebucketing.othersMayMove);
    return moves ? [{ flag, rebucketing }] : [];
  });
}

/** Flags that changed, and those that may depend on what changed: few, so that a large mesh costs a comparison each. */
function* affectedFlags(before: Served, after: Served): Generator<string> {
  const segmentsChanged =
    hasOtherSegments(before.entries, after.entries) || hasOtherSegments(after.entries, before.entries);
  for (const [flag, entry] of entriesOf(after.entries, "flag")) {
    const old = before.entries.get(`flag:${flag}`) as FlagEntry | undefined;
    const depends = (segmentsChanged && entry.targeting !== undefined) || entry.prerequisites !== undefined;
    const same =
      equalJson(old as Json | undefined, entry as unknown as Json) &&
      equalJson(changeOf(before.overlay, flag), changeOf(after.overlay, flag));
    if (depends || !same) yield flag;
  }
}

const hasOtherSegments = (entries: Entries, than: Entries): boolean =>
  Array.from(entriesOf(entries, "segment")).some(
    ([name, rule]) => !equalJson(than.get(`segment:${name}`) as Json | undefined, rule),
  );
