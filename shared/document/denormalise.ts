/**
 * Entries back to a document that normalises to them: how the content of an old revision is published again where its
 * files are not at hand. Comments, file names and the spelling of what was written are gone; what is signed is the same.
 */
import type { Json } from "../encoding/json.ts";
import { entriesOf, type BackendEntry, type Entries, type FlagEntry, type SettingsEntry } from "./entry.ts";
import type { MeshId } from "./mesh-id.ts";
import { percentText } from "./percent.ts";

type Section = { readonly [name: string]: unknown };

/** A document as parsers give it. Its key order matters: shares are dealt in the order in which a rollout has them. */
export interface PlainDocument {
  readonly mesh: MeshId;
  readonly settings: Section;
  readonly metadata?: Section;
  readonly $evaluators: Section;
  readonly flags: Section;
  readonly backends: Section;
  readonly routes: Section;
}

export function denormalise(mesh: MeshId, entries: Entries): PlainDocument {
  const { metadata, ...settings } = (entries.get("settings") ?? {}) as Partial<SettingsEntry>;
  return {
    mesh,
    settings,
    ...(metadata === undefined ? {} : { metadata }),
    $evaluators: Object.fromEntries(entriesOf(entries, "segment")),
    flags: Object.fromEntries(Array.from(entriesOf(entries, "flag"), ([name, flag]) => [name, flagOf(flag)])),
    backends: Object.fromEntries(
      Array.from(entriesOf(entries, "backend"), ([name, entry]) => [name, backendOf(entry)]),
    ),
    routes: Object.fromEntries(entriesOf(entries, "route")),
  };
}

const percentOf = (share: number): number => Number(percentText(share));

function flagOf({ rollout, ...flag }: FlagEntry): Section {
  if (rollout === undefined) return flag;
  if ("steps" in rollout) return { ...flag, rollout: { ...rollout, steps: rollout.steps.map(percentOf) } };
  return { ...flag, rollout: Object.fromEntries(rollout.map(([variant, share]) => [variant, percentOf(share)])) };
}

function backendOf({ health, ...backend }: BackendEntry): Section {
  if (health === undefined) return backend;
  const { intervalMs, timeoutMs, ...rest } = health;
  return { ...backend, health: { ...rest, interval: `${intervalMs}ms`, timeout: `${timeoutMs}ms` } };
}

/** The document as JSON, one entry a line, so that two of them can be compared by lines. */
export function documentText(document: PlainDocument): string {
  const members = Object.entries(document).map(([name, value]: [string, Json | Section]) => {
    const isSection = ["$evaluators", "flags", "backends", "routes"].includes(name);
    return `  ${JSON.stringify(name)}: ${isSection ? sectionText(value as Section) : JSON.stringify(value)}`;
  });
  return `{\n${members.join(",\n")}\n}\n`;
}

function sectionText(section: Section): string {
  const lines = Object.entries(section).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
}
