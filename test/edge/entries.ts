/** A small mesh: one flag between two service bindings. */
import type { Entries, Entry, EntryKey, SettingsEntry } from "../../shared/document/entry.ts";
import { host } from "./signed-log.ts";

export const bindings = ["ON", "OFF", "SPARE"];

/** @param share of users that get `on`, in thousandths of a percent. @param change entries to add, replace, or (`undefined`) remove */
export function splitEntries(
  share: number,
  settings: Partial<SettingsEntry> = {},
  change: Readonly<Partial<Record<EntryKey, Entry | undefined>>> = {},
): Entries {
  const entries = new Map<EntryKey, Entry>([
    ["settings", { identity: [{ header: "x-user-id" }, { cookie: "flagmesh_id" }], ...settings }],
    [
      "flag:split",
      { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off", rollout: [["on", share]] },
    ],
    ["backend:on", { service: "ON" }],
    ["backend:off", { service: "OFF" }],
    ["route:split", { match: { host }, flag: "split", to: { on: "on", off: "off" } }],
  ]);
  for (const [key, value] of Object.entries(change) as [EntryKey, Entry | undefined][]) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
  return entries;
}
