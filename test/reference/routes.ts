/** The route that a request takes, found by looking at all of them. */
import type { RouteMatch } from "../../shared/document/entry.ts";
import { compareSpecificity, hostMatches, pathMatches, pathPatternOf } from "../../shared/routes/specificity.ts";

export function findRoute<R>(
  routes: readonly (readonly [match: RouteMatch, route: R])[],
  host: string,
  path: string,
  method: string,
): R | undefined {
  const taking = routes.filter(
    ([match]) =>
      hostMatches(match.host, host) &&
      pathMatches(pathPatternOf(match.path), path) &&
      (match.methods === undefined || match.methods.includes(method)),
  );
  return taking.sort(([a], [b]) => compareSpecificity(a, b))[0]?.[1];
}
