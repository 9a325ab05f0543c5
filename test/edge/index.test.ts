/** The router as it is deployed, in its own isolate, pinned to the vectors' meshes; its store's secrets are not set. */
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { codeOf } from "./routed-mesh.ts";

const { default: router } = exports as unknown as { default: Fetcher };

test.each([
  ["https://shop.example.com/", 500, "router_misconfigured"],
  ["https://SHOP.example.com:8443/x?y", 500, "router_misconfigured"],
  ["https://shop.staging.example.com/.well-known/flagmesh/health", 500, "router_misconfigured"],
  ["https://example.com/", 404, "unknown_host"],
  ["https://other.shop.example.com/", 404, "unknown_host"],
])("a request for %s is answered %d, %s", async (url, status, code) => {
  const response = await router.fetch(url);
  expect([response.status, await codeOf(response)]).toEqual([status, code]);
});
