/** Step 8 of acceptance: a mesh stays within the hosts, endpoints and bindings that the router was deployed with. */
import { entriesOf, type Entries, type EntryKey } from "../document/entry.ts";
import { checkEndpointUrl } from "../document/url-policy.ts";
import { isObject, type JsonObject } from "../encoding/json.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { hostMatches } from "../routes/specificity.ts";
import { refusal, type Refusal } from "./refusal.ts";

/** The first entry that the deployment policy doesn't allow, or that isn't even an entry, or `undefined`. */
export function checkPlacement(entries: Entries, pins: MeshPins): Refusal | undefined {
  const shapeless = findShapeless(entries);
  if (shapeless !== undefined) return refusal("snapshot_malformed", `the value of ${shapeless} is no such entry`);
  for (const [name, route] of entriesOf(entries, "route")) {
    const { host } = route.match;
    if (!pins.hosts.some((pattern) => hostMatches(pattern, host))) {
      return refusal("host_not_allowed", `route ${name}: ${host} is not among the deployed hosts of ${pins.mesh}`);
    }
  }
  for (const [name, backend] of entriesOf(entries, "backend")) {
    if ("endpoints" in backend) {
      for (const { url } of backend.endpoints) {
        const fault = checkEndpointUrl(url, { allowInsecure: pins.allowInsecureEndpoints });
        if (fault !== undefined) return refusal("endpoint_not_allowed", `backend ${name}: ${url}: ${fault.message}`);
        if (!pins.endpointHosts.some((pattern) => hostMatches(pattern, new URL(url).hostname))) {
          return refusal("endpoint_not_allowed", `backend ${name}: ${url} is not among the deployed endpoint hosts`);
        }
      }
    } else {
      const binding = "service" in backend ? backend.service : backend.container;
      if (!pins.bindings.includes(binding)) {
        return refusal("binding_not_allowed", `backend ${name}: binding ${binding} is not among the deployed ones`);
      }
    }
  }
  return undefined;
}

/**
 * A key whose value lacks what is read of it here. A snapshot's digest says who answers for it, not that its entries were
 * validated.
 */
function findShapeless(entries: Entries): EntryKey | undefined {
  for (const [key, entry] of entries) {
    const value: unknown = entry;
    if (key.startsWith("segment:")) continue;
    if (!isObject(value)) return key;
    const { match } = value;
    if (key.startsWith("route:") && !(isObject(match) && typeof match["host"] === "string")) return key;
    if (key.startsWith("backend:") && !isBackend(value)) return key;
  }
  return undefined;
}

function isBackend({ endpoints, service, container }: JsonObject): boolean {
  if (endpoints === undefined) return typeof (service ?? container) === "string";
  const urls = Array.isArray(endpoints) ? endpoints.map((endpoint) => isObject(endpoint) && endpoint["url"]) : [null];
  return urls.every((url) => typeof url === "string");
}
