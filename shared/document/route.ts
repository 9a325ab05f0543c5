/** One route of a document to its entry: what it matches, and which backend each variant goes to. */
import { matchPlace, overlap } from "../routes/specificity.ts";
import type { RouteEntry } from "./entry.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import { normaliseMatch } from "./route-match.ts";
import type { FlagShape, RouteShape } from "./schema.ts";

export interface RouteTargets {
  /** Flags whose shape is sound. */
  readonly flags: ReadonlyMap<string, FlagShape>;
  /** All flags and backends by name, also those with faults. */
  readonly knownFlags: ReadonlyMap<string, unknown>;
  readonly knownBackends: ReadonlyMap<string, unknown>;
}

export function normaliseRoute(
  name: string,
  route: RouteShape,
  targets: RouteTargets,
  report: Report,
): RouteEntry | undefined {
  const path = ["routes", name];
  const match = normaliseMatch(route.match, [...path, "match"], report);
  const { flag, to, backend } = route;
  if (backend !== undefined && flag === undefined && to === undefined) {
    checkReference("backend", backend, targets.knownBackends, [...path, "backend"], report);
    return { match, backend };
  }
  if (backend !== undefined || flag === undefined || to === undefined) {
    report.error("route_kind", path, "a route has either a backend, or a flag and to", { atKey: true });
    return undefined;
  }
  checkFlagOfRoute(name, flag, to, targets, report);
  for (const [variant, target] of Object.entries(to)) {
    checkReference("backend", target, targets.knownBackends, [...path, "to", variant], report);
  }
  return { match, flag, to };
}

function checkFlagOfRoute(
  name: string,
  flag: string,
  to: { readonly [variant: string]: string },
  { flags, knownFlags }: RouteTargets,
  report: Report,
): void {
  const path = ["routes", name];
  if (!checkReference("flag", flag, knownFlags, [...path, "flag"], report)) return;
  const shape = flags.get(flag);
  if (shape === undefined) return;
  const faulty = report.hasErrorAt(["flags", flag, "defaultVariant"]);
  if (!faulty && (shape.defaultVariant === undefined || shape.defaultVariant === null)) {
    report.error(
      "route_needs_default",
      [...path, "flag"],
      `${flag} has no defaultVariant, and a route always needs one`,
      {
        hint: `give ${flag} a defaultVariant`,
        related: ["flags", flag],
      },
    );
  }
  const variants = new Map(Object.entries(shape.variants));
  for (const variant of Object.keys(to)) {
    checkReference("variant", variant, variants, [...path, "to", variant], report, true);
  }
  const uncovered = [...variants.keys()].filter((variant) => !Object.hasOwn(to, variant));
  if (uncovered.length > 0) {
    report.error("variant_not_routed", [...path, "to"], `no backend for ${uncovered.join(", ")} of ${flag}`, {
      hint: "name a backend for every variant",
      related: ["flags", flag, "variants"],
    });
  }
}

/** Two routes that match one request, neither more specific: which one serves it would be chance. */
export function checkOverlaps(routes: ReadonlyMap<string, RouteEntry>, report: Report): void {
  const places = new Map<string, string[]>();
  for (const [name, { match }] of routes) {
    const place = matchPlace(match);
    const rivals = places.get(place) ?? [];
    const rival = rivals.find((other) => {
      const route = routes.get(other);
      return route !== undefined && overlap(route.match, match);
    });
    if (rival !== undefined) {
      const message = `${name} and ${rival} match the same requests, and neither is more specific`;
      report.error("routes_overlap", ["routes", name, "match"], message, { related: ["routes", rival, "match"] });
    }
    places.set(place, [...rivals, name]);
  }
}
