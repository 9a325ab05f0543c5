/** An endpoint must not be a host that the mesh's own routes answer on: each request would come back to the router. */
import { hostMatches } from "../routes/specificity.ts";
import { entriesOf, type Entries } from "./entry.ts";
import type { Report } from "./report.ts";

/**
 * An exact host is an error. A host under a route's wildcard is a warning: it may have a DNS record and a server of its own.
 */
export function checkRouterHosts(entries: Entries, report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, { match }] of entriesOf(entries, "route")) owners.set(match.host, owners.get(match.host) ?? name);
  const wildcards = [...owners].filter(([host]) => host.startsWith("*."));
  for (const [name, backend] of entriesOf(entries, "backend")) {
    if (!("endpoints" in backend)) continue;
    for (const [i, { url }] of backend.endpoints.entries()) {
      if (!URL.canParse(url)) continue;
      const { hostname } = new URL(url);
      const path = ["backends", name, "endpoints", i, "url"];
      const exact = owners.get(hostname);
      const wildcard = wildcards.find(([host]) => hostMatches(host, hostname));
      if (exact !== undefined) {
        report.error("url_is_router", path, `${hostname} is the router itself, by route ${exact}`, {
          related: ["routes", exact, "match", "host"],
        });
      } else if (wildcard !== undefined) {
        const [host, route] = wildcard;
        report.warning("url_may_be_router", path, `${hostname} lies under ${host} of route ${route}`, {
          hint: `make sure that ${hostname} isn't served by the router`,
          related: ["routes", route, "match", "host"],
        });
      }
    }
  }
}
