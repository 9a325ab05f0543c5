/** Step 8: what the deployment allows, whoever approved it. */
import type { Entries, Entry, EntryKey } from "../../../../shared/document/entry.ts";
import { changed, entriesWith } from "../documents.ts";
import { alice, ben } from "../keys.ts";
import { append, revise } from "../log.ts";
import { productionLog } from "../logs.ts";
import { production } from "../world.ts";
import type { Cases } from "./case.ts";

const last = productionLog.at(-1)!;
const approved = (entries: Entries) => ({
  memory: 5,
  log: [
    ...productionLog,
    append(production, last, { revision: revise(production, last.revision, entries, [alice, ben]) }),
  ],
});
const with_ = (key: EntryKey, value: Entry) => approved(changed(entriesWith(50_000), { [key]: value }));
const routed = (host: string) => with_("route:rest", { match: { host }, backend: "checkout-v1" });
const reaching = (url: string) => with_("backend:checkout-v1", { endpoints: [{ url, weight: 1 }] });

export const placeCases: Cases = {
  "host-of-another-mesh": {
    description: "A route of production answers for staging.",
    ...routed("shop.staging.example.com"),
    expect: "host_not_allowed",
  },
  "host-by-a-wildcard": {
    description: "A route answers on every host below the deployed one.",
    ...routed("*.example.com"),
    expect: "host_not_allowed",
  },
  "host-below-the-deployed-one": {
    description: "The deployed host isn't a wildcard.",
    ...routed("a.shop.example.com"),
    expect: "host_not_allowed",
  },
  "endpoint-elsewhere": {
    description: "A backend reaches a host that isn't deployed.",
    ...reaching("https://attacker.example.org"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-with-the-end-of-a-deployed-one": {
    description: "The deployed pattern begins with a dot.",
    ...reaching("https://attacker-example.net"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-at-the-bare-domain": {
    description: "*.example.net isn't example.net.",
    ...reaching("https://example.net"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-in-plain-text": {
    description: "A backend is reached by http.",
    ...reaching("http://checkout-v1.example.net"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-at-a-metadata-service": {
    description: "A backend is an address within the cloud, even where its host is deployed.",
    pins: { endpointHosts: ["*.example.net", "169.254.169.254"] },
    ...reaching("https://169.254.169.254"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-at-loopback-in-decimal": {
    description: "2130706433 is 127.0.0.1.",
    pins: { endpointHosts: ["*.example.net", "127.0.0.1"] },
    ...reaching("https://2130706433"),
    expect: "endpoint_not_allowed",
  },
  "endpoint-at-loopback-by-http-in-a-local-deployment": {
    description: "For work on one machine it is allowed.",
    pins: { endpointHosts: ["*.example.net", "127.0.0.1"], allowInsecureEndpoints: true },
    ...reaching("http://127.0.0.1:9001"),
    expect: "accepted",
  },
  "binding-not-deployed": {
    description: "A backend is a binding that the mesh isn't given.",
    ...with_("backend:checkout-v2", { service: "BILLING" }),
    expect: "binding_not_allowed",
  },
  "container-not-deployed": {
    description: "A backend is a container that the mesh isn't given.",
    ...with_("backend:checkout-v2", { container: "BILLING" }),
    expect: "binding_not_allowed",
  },
  "binding-no-longer-deployed": {
    description: "The deployment took the binding away.",
    pins: { bindings: [] },
    expect: "binding_not_allowed",
  },
};
