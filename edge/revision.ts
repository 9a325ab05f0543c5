/** A verified release made ready to serve: routes, flags, backends and identity, compiled once. */
import {
  entriesOf,
  type BackendEntry,
  type Endpoint,
  type Entries,
  type FlagEntry,
  type RouteEntry,
  type SettingsEntry,
} from "../shared/document/entry.ts";
import { compileFlags, type CompiledFlags } from "../shared/flags/compile.ts";
import type { CompiledFlag } from "../shared/flags/flag.ts";
import { compileRoutes, type RouteTable } from "../shared/routes/route-table.ts";
import type { VerifiedRelease } from "../shared/acceptance/verified-release.ts";
import { createRank, type Rank } from "./balance.ts";
import { createIdentify, type Identify } from "./identity.ts";

export interface Backend {
  readonly name: string;
  /** Where its requests go: ranked endpoints, or the name of a binding. */
  readonly target: { readonly rank: Rank; readonly endpoints: readonly Endpoint[] } | { readonly binding: string };
  readonly fallback: string | undefined;
}

export interface Route {
  readonly name: string;
  readonly flag: CompiledFlag | undefined;
  /** `""` where the route has no flag. */
  readonly defaultVariant: string;
  /** By variant; by `""` where the route has no flag. */
  readonly backends: ReadonlyMap<string, Backend>;
}

export interface Revision {
  readonly routes: RouteTable<Route>;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly flags: CompiledFlags;
  readonly identify: Identify;
  readonly debugHeaders: boolean;
}

/** @param previous with the same entries: only what the overlay changes is compiled again */
export function compileRevision(
  release: VerifiedRelease,
  mint: () => string,
  previous?: { readonly release: VerifiedRelease; readonly revision: Revision },
): Revision {
  const { entries, overlay } = release;
  const same = previous !== undefined && previous.release.entries === entries;
  const flags = same ? previous.revision.flags.withOverlay(overlay) : compileFlags(entries, overlay);
  const backends = same ? previous.revision.backends : compileBackends(entries, mint);
  const settings = entries.get("settings") as SettingsEntry | undefined;
  return {
    routes: compileRoutes(compileTargets(entries, flags, backends)),
    backends,
    flags,
    identify: same ? previous.revision.identify : createIdentify(settings?.identity ?? [], mint),
    debugHeaders: settings?.debugHeaders ?? false,
  };
}

function compileBackends(entries: Entries, mint: () => string): ReadonlyMap<string, Backend> {
  const backends = new Map<string, Backend>();
  for (const [name, entry] of entriesOf(entries, "backend")) {
    backends.set(name, { name, target: targetOf(entry, mint), fallback: entry.fallback });
  }
  return backends;
}

function targetOf(entry: BackendEntry, mint: () => string): Backend["target"] {
  if ("endpoints" in entry) return { rank: createRank(entry.endpoints, mint), endpoints: entry.endpoints };
  return { binding: "service" in entry ? entry.service : entry.container };
}

function* compileTargets(
  entries: Entries,
  flags: CompiledFlags,
  backends: ReadonlyMap<string, Backend>,
): Generator<readonly [RouteEntry["match"], Route]> {
  for (const [name, entry] of entriesOf(entries, "route")) {
    const targets = "flag" in entry ? Object.entries(entry.to) : [["", entry.backend] as const];
    const byVariant = new Map<string, Backend>();
    for (const [variant, backendName] of targets) {
      const backend = backends.get(backendName);
      if (backend === undefined) throw new Error(`route ${name} names the unknown backend ${backendName}`);
      byVariant.set(variant, backend);
    }
    const flag = "flag" in entry ? flags.get(entry.flag) : undefined;
    if ("flag" in entry && flag === undefined) throw new Error(`route ${name} names the unknown flag ${entry.flag}`);
    const flagEntry = "flag" in entry ? (entries.get(`flag:${entry.flag}`) as FlagEntry) : undefined;
    yield [entry.match, { name, flag, defaultVariant: flagEntry?.defaultVariant ?? "", backends: byVariant }];
  }
}
