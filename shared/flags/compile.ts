/** A revision's flags, compiled when first asked for and then kept. */
import type { Entries, EntryKey, FlagEntry, SegmentEntry, SettingsEntry } from "../document/entry.ts";
import { entriesOf } from "../document/entry.ts";
import type { Overlay } from "../trust/overlay.ts";
import type { FlagMetadata } from "./evaluation.ts";
import { compileFlag, type CompiledFlag } from "./flag.ts";

export interface CompiledFlags {
  readonly get: (key: string) => CompiledFlag | undefined;
  /** Every flag's key, in the order of the entries. */
  readonly keys: readonly string[];
  /** The same revision under another overlay. */
  readonly withOverlay: (overlay: Overlay) => CompiledFlags;
}

export function compileFlags(entries: Entries, overlay: Overlay): CompiledFlags {
  const keys = Array.from(entriesOf(entries, "flag"), ([key]) => key);
  const settings = entries.get("settings") as SettingsEntry | undefined;
  const segment = (name: string): SegmentEntry | undefined => {
    const key: EntryKey = `segment:${name}`;
    return entries.get(key) as SegmentEntry | undefined;
  };

  const withOverlay = (overlay: Overlay): CompiledFlags => {
    const compiled = new Map<string, CompiledFlag>();
    const get = (key: string): CompiledFlag | undefined => {
      const known = compiled.get(key);
      if (known !== undefined) return known;
      const entryKey: EntryKey = `flag:${key}`;
      const entry = entries.get(entryKey) as FlagEntry | undefined;
      if (entry === undefined) return undefined;
      const flag = compileFlag(key, entry, {
        change: Object.hasOwn(overlay, key) ? overlay[key] : undefined,
        segment,
        metadata: metadataOf(settings, entry),
        prerequisites: prerequisitesOf(entry, get),
      });
      compiled.set(key, flag);
      return flag;
    };
    return { get, keys, withOverlay };
  };
  return withOverlay(overlay);
}

const metadataOf = (settings: SettingsEntry | undefined, entry: FlagEntry): FlagMetadata =>
  Object.freeze({ ...settings?.metadata, ...entry.metadata });

function prerequisitesOf(entry: FlagEntry, get: (key: string) => CompiledFlag | undefined) {
  if (entry.prerequisites === undefined || entry.prerequisites.length === 0) return undefined;
  const { prerequisites } = entry;
  return (context: Parameters<CompiledFlag["evaluate"]>[0], timestamp: number): boolean =>
    prerequisites.every(({ flag, variants }) => {
      const variant = get(flag)?.evaluate(context, timestamp).variant;
      return variant !== undefined && variants.includes(variant);
    });
}
