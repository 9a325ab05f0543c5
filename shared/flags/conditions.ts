/** What decides about a flag before its rollout does: targeting with its segments, and prerequisites with theirs. */
import type { Entries, FlagEntry, SegmentEntry } from "../document/entry.ts";
import { canonicalJson, isObject, type Json } from "../encoding/json.ts";
import type { Overlay } from "../trust/overlay.ts";
import { changeOf, isKilled } from "./rollout.ts";

/**
 * A text that two revisions have in common only where these decide alike for every context; `undefined` where nothing
 * stands before the rollout. Texts that differ needn't decide differently.
 */
export function conditionsOf(
  flagKey: string,
  { entries, overlay }: { readonly entries: Entries; readonly overlay: Overlay },
): string | undefined {
  const segments: Record<string, Json> = {};
  const prerequisites: Record<string, Json> = {};

  const noteSegments = (rule: Json | undefined): void => {
    for (const name of segmentsIn(rule)) {
      if (Object.hasOwn(segments, name)) continue;
      const segment = (entries.get(`segment:${name}`) as SegmentEntry | undefined) ?? null;
      segments[name] = segment;
      noteSegments(segment);
    }
  };
  const notePrerequisites = (flag: FlagEntry): void => {
    for (const { flag: key } of flag.prerequisites ?? []) {
      if (Object.hasOwn(prerequisites, key)) continue;
      const needed = entries.get(`flag:${key}`) as FlagEntry | undefined;
      prerequisites[key] = null;
      if (needed === undefined) continue;
      const { metadata: _, ...deciding } = needed;
      prerequisites[key] = { flag: deciding as unknown as Json, change: changeOf(overlay, key) ?? null };
      noteSegments(needed.targeting);
      notePrerequisites(needed);
    }
  };

  const flag = entries.get(`flag:${flagKey}`) as FlagEntry | undefined;
  if (flag === undefined || flag.state === "DISABLED" || isKilled(changeOf(overlay, flagKey))) return undefined;
  if (flag.targeting === undefined && (flag.prerequisites ?? []).length === 0) return undefined;
  noteSegments(flag.targeting);
  notePrerequisites(flag);
  return canonicalJson({
    targeting: flag.targeting ?? null,
    needs: (flag.prerequisites ?? []) as unknown as Json,
    segments,
    prerequisites,
  });
}

/** The segments that a rule refers to by itself. */
function* segmentsIn(rule: Json | undefined): Generator<string> {
  if (Array.isArray(rule)) {
    for (const member of rule as readonly Json[]) yield* segmentsIn(member);
  } else if (isObject(rule)) {
    const reference = rule["$ref"];
    if (typeof reference === "string") yield reference;
    else for (const member of Object.values(rule)) yield* segmentsIn(member);
  }
}
