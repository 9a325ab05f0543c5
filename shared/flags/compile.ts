/** A revision's flags under an overlay, each compiled when it is first asked for, and then kept. */
import { entriesOf, type Entries, type FlagEntry, type SegmentEntry, type SettingsEntry } from "../document/entry.ts";
import type { Overlay, OverlayChange } from "../trust/overlay.ts";
import { compileFlag, type CompiledFlag } from "./flag.ts";
import { prerequisitesMet, unsoundPrerequisites } from "./prerequisites.ts";
import { changeOf } from "./rollout.ts";

export interface CompiledFlags {
  readonly get: (key: string) => CompiledFlag | undefined;
  /** In the order of the entries. */
  readonly keys: readonly string[];
  /** The same revision under another overlay; flags that it doesn't concern stay compiled. */
  readonly withOverlay: (overlay: Overlay) => CompiledFlags;
}

export function compileFlags(entries: Entries, overlay: Overlay): CompiledFlags {
  const flags = new Map(entriesOf(entries, "flag"));
  const keys = [...flags.keys()];
  const unsound = unsoundPrerequisites(entries);
  const flagSet = (entries.get("settings") as SettingsEntry | undefined)?.metadata;
  const segment = (name: string) => entries.get(`segment:${name}`) as SegmentEntry | undefined;

  const under = (overlay: Overlay, compiled: Map<string, CompiledFlag>): CompiledFlags => {
    const get = (key: string): CompiledFlag | undefined => {
      const known = compiled.get(key);
      if (known !== undefined) return known;
      const entry = flags.get(key);
      if (entry === undefined) return undefined;
      const flag = compileFlag(key, entry, {
        change: changeOf(overlay, key),
        segment,
        metadata: Object.freeze({ ...flagSet, ...entry.metadata }),
        prerequisites: hasPrerequisites(entry)
          ? (unsound.get(key) ?? prerequisitesMet(entry.prerequisites, get))
          : undefined,
      });
      compiled.set(key, flag);
      return flag;
    };
    const withOverlay = (next: Overlay): CompiledFlags => {
      const kept = new Map<string, CompiledFlag>();
      for (const [key, flag] of compiled) {
        const same = isSameChange(changeOf(overlay, key), changeOf(next, key));
        // What a flag's prerequisites serve may have changed.
        if (same && !hasPrerequisites(flags.get(key)!)) kept.set(key, flag);
      }
      return under(next, kept);
    };
    return { get, keys, withOverlay };
  };
  return under(overlay, new Map());
}

type WithPrerequisites = FlagEntry & Required<Pick<FlagEntry, "prerequisites">>;

const hasPrerequisites = (entry: FlagEntry): entry is WithPrerequisites =>
  entry.prerequisites !== undefined && entry.prerequisites.length > 0;

function isSameChange(a: OverlayChange | undefined, b: OverlayChange | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return "kill" in a ? "kill" in b : "stage" in b && a.stage === b.stage;
}
