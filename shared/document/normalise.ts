/** A document to entries: everything that people may write differently is one value here, everything wrong is found. */
import type { Json } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { checkFallbacks, normaliseBackend } from "./backend.ts";
import type { Entries, Entry, EntryKey, RouteEntry } from "./entry.ts";
import type { Finding } from "./finding.ts";
import { checkVariantsNamed, normaliseFlag } from "./flag.ts";
import { isMeshId, type MeshId } from "./mesh-id.ts";
import { checkPrerequisites } from "./prerequisites.ts";
import { createReport, hasError, type Report } from "./report.ts";
import { checkOverlaps, normaliseRoute } from "./route.ts";
import { checkRule, checkSegments } from "./rule.ts";
import { isMapping, type BackendShape, type FlagShape, type DocumentShape, type RouteShape } from "./schema.ts";
import { normaliseSettings } from "./settings.ts";
import { checkShape } from "./shape.ts";
import { checkUnknownKeys } from "./unknown-keys.ts";
import { checkRouterHosts } from "./router-hosts.ts";

export interface NormaliseOptions {
  /** For work on one machine: endpoints may be http, and on loopback. */
  readonly allowInsecureEndpoints?: boolean;
}

export interface Normalised {
  /** Absent where the document names none, as flagd's files do. */
  readonly mesh?: MeshId;
  /** Only where no finding is an error. */
  readonly entries?: Entries;
  /** All that is wrong or doubtful, in no particular order. */
  readonly findings: readonly Finding[];
}

/** Never throws, whatever the value: a value that came out of a YAML or JSON parser, or anything else. */
export function normalise(document: unknown, options: NormaliseOptions = {}): Normalised {
  const report = createReport();
  if (!checkShape(document, report)) return { findings: report.findings };
  const mesh = isMeshId(document["mesh"]) ? { mesh: document["mesh"] } : {};
  const entries = normaliseSections(document, { allowInsecure: options.allowInsecureEndpoints === true }, report);
  checkUnknownKeys(document, report);
  if (entries.size > limits.entriesPerMeshMax) {
    const { entriesPerMeshMax } = limits;
    report.error("too_many_entries", [], `${entries.size} entries; a mesh has at most ${entriesPerMeshMax}`);
  }
  const { findings } = report;
  return hasError(findings) ? { ...mesh, findings } : { ...mesh, entries, findings };
}

interface Sections {
  readonly [section: string]: unknown;
}

function normaliseSections(document: Sections, urls: { allowInsecure: boolean }, report: Report): Entries {
  const knownSegments = membersOf(document, "$evaluators");
  const knownFlags = membersOf(document, "flags");
  const knownBackends = membersOf(document, "backends");
  const segments = soundSegments(knownSegments, report);
  const flags = sound<FlagShape>(knownFlags, "flags", ["variants"], report);
  const backends = sound<BackendShape>(knownBackends, "backends", ["endpoints", "service", "container"], report);
  const routes = sound<RouteShape>(membersOf(document, "routes"), "routes", ["match", "flag", "to", "backend"], report);
  const entries = new Map<EntryKey, Entry>();

  const settings = report.hasErrorIn(["settings"]) ? {} : (document["settings"] ?? {});
  const metadata = report.hasErrorIn(["metadata"]) ? undefined : (document["metadata"] as DocumentShape["metadata"]);
  entries.set("settings", normaliseSettings(settings, metadata, report));

  const checked = checkSegments(segments, knownSegments, report);
  for (const [name, rule] of segments) entries.set(`segment:${name}`, rule);

  for (const [name, flag] of flags) {
    entries.set(`flag:${name}`, normaliseFlag(name, flag, report));
    const targeting = flag.targeting as Json | undefined;
    if (targeting === undefined || Object.keys(targeting as object).length === 0) continue;
    if (!checkRule(targeting, ["flags", name, "targeting"], checked, report)) continue;
    checkVariantsNamed(name, targeting, flag.variants, (segment) => segments.get(segment), report);
  }
  checkPrerequisites(flags, knownFlags, report);

  for (const [name, shape] of backends) {
    const backend = normaliseBackend(name, shape, knownBackends, urls, report);
    if (backend !== undefined) entries.set(`backend:${name}`, backend);
  }
  checkFallbacks(backends, report);

  const matched = new Map<string, RouteEntry>();
  for (const [name, shape] of routes) {
    const route = normaliseRoute(name, shape, { flags, knownFlags, knownBackends }, report);
    if (route !== undefined) matched.set(name, route);
  }
  checkOverlaps(matched, report);
  for (const [name, route] of matched) entries.set(`route:${name}`, route);
  if (!urls.allowInsecure) checkRouterHosts(entries, report);
  return entries;
}

/** A section's members by name. A `Map`, so that no name can be mistaken for one that every object has. */
function membersOf(document: Sections, section: string): ReadonlyMap<string, unknown> {
  const members = Object.hasOwn(document, section) ? document[section] : undefined;
  return new Map(isMapping(members) ? Object.entries(members) : []);
}

const soundSegments = (segments: ReadonlyMap<string, unknown>, report: Report): ReadonlyMap<string, Json> =>
  new Map([...(segments as ReadonlyMap<string, Json>)].filter(([name]) => !report.hasErrorIn(["$evaluators", name])));

/**
 * The entries whose shape is sound, so that what follows may rely on it. Members with errors are left out, so that the
 * others are checked all the same; an entry with an error in one of its `vital` members is left out whole.
 */
function sound<T>(
  entries: ReadonlyMap<string, unknown>,
  section: string,
  vital: readonly string[],
  report: Report,
): ReadonlyMap<string, T> {
  const kept = new Map<string, T>();
  if (report.hasErrorAt([section])) return kept;
  for (const [name, entry] of entries) {
    const path = [section, name];
    if (report.hasErrorAt(path) || vital.some((member) => report.hasErrorAt([...path, member]))) continue;
    const members = Object.entries(entry as object).filter(([member]) => !report.hasErrorAt([...path, member]));
    kept.set(name, Object.fromEntries(members) as T);
  }
  return kept;
}
