/**
 * Which of several matching routes is taken: the most specific one, whatever their order in the document. An exact host
 * before a wildcard, a longer wildcard before a shorter one, a longer literal path before a shorter one, an exact path
 * before a prefix, and fewer methods before more.
 */
import type { RouteMatch } from "../document/entry.ts";

/** `/a/*` has the literal `/a` and is open: it matches `/a` and all below it. No path at all is `/*`. */
export interface PathPattern {
  readonly literal: string;
  readonly open: boolean;
}

export function pathPatternOf(path: string | undefined): PathPattern {
  if (path === undefined) return { literal: "", open: true };
  return path.endsWith("/*") ? { literal: path.slice(0, -2), open: true } : { literal: path, open: false };
}

export function pathMatches({ literal, open }: PathPattern, pathname: string): boolean {
  if (!open) return pathname === literal;
  return pathname.startsWith(literal) && (pathname.length === literal.length || pathname[literal.length] === "/");
}

/** `*.example.com` matches one or more labels before `.example.com`, and not `example.com` itself. Both in lower case. */
export const hostMatches = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.length >= pattern.length && host.endsWith(pattern.slice(1)) : host === pattern;

/** For sorting: negative where `a` is more specific than `b`. Zero where neither is. */
export function compareSpecificity(a: RouteMatch, b: RouteMatch): number {
  const pathA = pathPatternOf(a.path);
  const pathB = pathPatternOf(b.path);
  return (
    Number(isWildcard(a)) - Number(isWildcard(b)) ||
    (isWildcard(a) ? b.host.length - a.host.length : 0) ||
    pathB.literal.length - pathA.literal.length ||
    Number(pathA.open) - Number(pathB.open) ||
    methodCount(a) - methodCount(b)
  );
}

/**
 * Whether some request matches both, and neither is more specific: same host pattern, same path pattern, and methods of
 * which some are shared but neither list is a part of the other (or both are the same).
 */
export function overlap(a: RouteMatch, b: RouteMatch): boolean {
  if (matchPlace(a) !== matchPlace(b)) return false;
  if (a.methods === undefined || b.methods === undefined) return a.methods === b.methods;
  const inB = new Set(b.methods);
  const shared = a.methods.filter((method) => inB.has(method)).length;
  const smaller = Math.min(a.methods.length, b.methods.length);
  return shared > 0 && (shared < smaller || a.methods.length === b.methods.length);
}

/** Routes of different places never overlap: two patterns that match one request and are equally specific are the same. */
export function matchPlace(match: RouteMatch): string {
  const { literal, open } = pathPatternOf(match.path);
  return `${match.host} ${literal}${open ? "/*" : ""}`;
}

const isWildcard = (match: RouteMatch): boolean => match.host.startsWith("*.");
const methodCount = (match: RouteMatch): number => match.methods?.length ?? Infinity;
