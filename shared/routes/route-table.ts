/**
 * Routes by host, path and method, compiled so that a look-up costs the same among ten routes and among a thousand:
 * one map a host pattern, asked once for the exact path and once for each of its prefixes, longest first.
 */
import type { RouteMatch } from "../document/entry.ts";
import { compareSpecificity, pathPatternOf } from "./specificity.ts";

export interface RouteTable<R> {
  /** @param host lowercase, without a port. @param path as sent, without the query. @param method uppercase */
  readonly find: (host: string, path: string, method: string) => R | undefined;
}

interface Candidate<R> {
  readonly methods: readonly string[] | undefined;
  readonly route: R;
}

interface PathTable<R> {
  readonly exact: Map<string, Candidate<R>[]>;
  readonly open: Map<string, Candidate<R>[]>;
  /** Prefixes longer than this are not asked for, so that a path of slashes costs nothing. */
  literalCharsMax: number;
}

export function compileRoutes<R>(routes: Iterable<readonly [match: RouteMatch, route: R]>): RouteTable<R> {
  const exactHosts = new Map<string, PathTable<R>>();
  const wildcardHosts = new Map<string, PathTable<R>>();
  for (const [match, route] of [...routes].sort(([a], [b]) => compareSpecificity(a, b))) {
    const wildcard = match.host.startsWith("*.");
    const hosts = wildcard ? wildcardHosts : exactHosts;
    const host = wildcard ? match.host.slice(1) : match.host;
    let table = hosts.get(host);
    if (table === undefined) hosts.set(host, (table = { exact: new Map(), open: new Map(), literalCharsMax: 0 }));
    const { literal, open } = pathPatternOf(match.path);
    if (open) table.literalCharsMax = Math.max(table.literalCharsMax, literal.length);
    const paths = open ? table.open : table.exact;
    // The most specific comes first within each list too.
    const candidates = paths.get(literal) ?? [];
    candidates.push({ methods: match.methods, route });
    paths.set(literal, candidates);
  }

  return {
    find(host, path, method) {
      const exact = exactHosts.get(host);
      const found = exact === undefined ? undefined : findPath(exact, path, method);
      if (found !== undefined || wildcardHosts.size === 0) return found;
      for (let dot = host.indexOf("."); dot > 0; dot = host.indexOf(".", dot + 1)) {
        const table = wildcardHosts.get(host.slice(dot));
        const route = table === undefined ? undefined : findPath(table, path, method);
        if (route !== undefined) return route;
      }
      return undefined;
    },
  };
}

function findPath<R>(table: PathTable<R>, path: string, method: string): R | undefined {
  const found = allowing(table.exact.get(path), method);
  if (found !== undefined) return found;
  let end = path.length;
  while (end >= 0) {
    if (end <= table.literalCharsMax) {
      const route = allowing(table.open.get(path.slice(0, end)), method);
      if (route !== undefined) return route;
    }
    if (end === 0) return undefined;
    // Straight to the longest prefix that a literal can have.
    end = path.lastIndexOf("/", Math.min(end - 1, table.literalCharsMax));
  }
  return undefined;
}

const allowing = <R>(candidates: readonly Candidate<R>[] | undefined, method: string): R | undefined =>
  candidates?.find(({ methods }) => methods === undefined || methods.includes(method))?.route;
