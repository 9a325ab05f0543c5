import { describe, expect, test } from "vitest";
import { parseDeploymentPolicy } from "../../../shared/trust/deployment-policy.ts";
import { deployment, production, staging } from "../../vectors/trust/load.ts";

const pins = deployment.meshes["acme/production"];
const withMesh = (changes: object): object => ({
  ...deployment,
  meshes: { "acme/production": { ...pins, ...changes } },
});
const withHosts = (...hosts: readonly (readonly string[])[]): object => ({
  deployment: "example.com",
  meshes: Object.fromEntries(hosts.map((list, i) => [`acme/m${i}`, { ...pins, hosts: list }])),
});
const errorOf = (policy: unknown): string | undefined => {
  const parsed = parseDeploymentPolicy(policy);
  return parsed.ok ? undefined : parsed.error;
};

test("the vectors' deployment pins two meshes, with what it leaves out by default", () => {
  const parsed = parseDeploymentPolicy(deployment);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(parsed.value.meshes.map(({ mesh, origin, policy }) => [mesh, origin, policy])).toEqual([
    [production.mesh, production.origin, production.policyDigest],
    [staging.mesh, staging.origin, staging.policyDigest],
  ]);
  expect(parsed.value.meshes[0]).toMatchObject({
    maxStale: 600,
    onStale: "serve",
    coldStale: "refuse",
    allowInsecureEndpoints: false,
  });
});

describe("hosts of two meshes overlap", () => {
  test.each([
    ["where they are the same", ["a.example.com"], ["a.example.com"]],
    ["where they are the same among others", ["x.com", "a.example.com"], ["y.com", "a.example.com"]],
    ["where a wildcard matches a host", ["*.example.com"], ["a.example.com"]],
    ["where a wildcard matches a host two levels down", ["*.example.com"], ["a.b.example.com"]],
    ["where the host is named first", ["a.example.com"], ["*.example.com"]],
    ["where wildcards are the same", ["*.example.com"], ["*.example.com"]],
    ["where a wildcard is within another", ["*.example.com"], ["*.a.example.com"]],
    ["where the wider wildcard is named last", ["*.a.example.com"], ["*.example.com"]],
  ])("%s", (_, first, second) => {
    expect(errorOf(withHosts(first, second))).toMatch(/overlaps/);
  });

  test.each([
    ["a wildcard and its own name", ["*.example.com"], ["example.com"]],
    ["names with a common end", ["shop.example.com"], ["myshop.example.com"]],
    ["a wildcard and a name with its end, without the dot", ["*.example.com"], ["myexample.com"]],
    ["wildcards side by side", ["*.a.example.com"], ["*.b.example.com"]],
  ])("but not %s", (_, first, second) => {
    expect(errorOf(withHosts(first, second))).toBeUndefined();
  });

  test("and one mesh's own may", () => {
    expect(errorOf(withHosts(["*.example.com", "a.example.com"]))).toBeUndefined();
  });
});

describe("a deployment policy is refused", () => {
  test.each<[string, unknown]>([
    ["that is null", null],
    ["that is an array", []],
    ["without a name", { meshes: deployment.meshes }],
    ["without meshes", { deployment: "example.com" }],
    ["with a name with a slash", { ...deployment, deployment: "example.com/acme" }],
    ["with a name in upper case", { ...deployment, deployment: "Example.com" }],
    ["with a name with a line break", { ...deployment, deployment: "example.com\n" }],
    ["with an empty name", { ...deployment, deployment: "" }],
    ["with a mesh that isn't tenant/environment", { ...deployment, meshes: { acme: pins } }],
    ["with a mesh of three names", { ...deployment, meshes: { "a/b/c": pins } }],
    ["with another member", { ...deployment, trustEverybody: true }],
    ["with another member of a mesh", withMesh({ onstale: "closed" })],
    ["without a policy", withMesh({ policy: undefined })],
    ["with a policy that is no digest", withMesh({ policy: "sha256:00" })],
    ["without hosts", withMesh({ hosts: [] })],
    ["with a host in upper case", withMesh({ hosts: ["Shop.example.com"] })],
    ["with a host with a port, which would never match", withMesh({ hosts: ["shop.example.com:8787"] })],
    ["with a host with a dot at its end", withMesh({ hosts: ["shop.example.com."] })],
    ["with a host with an empty label", withMesh({ hosts: ["shop..example.com"] })],
    ["with a URL for a host", withMesh({ hosts: ["https://shop.example.com"] })],
    ["with every host", withMesh({ hosts: ["*"] })],
    ["with a wildcard in the middle", withMesh({ hosts: ["shop.*.com"] })],
    ["with a wildcard within a label", withMesh({ hosts: ["shop*.example.com"] })],
    ["with two wildcards", withMesh({ hosts: ["*.*.example.com"] })],
    ["with every endpoint host", withMesh({ endpointHosts: ["*"] })],
    ["with a floor without a root", withMesh({ floor: { size: 3 } })],
    ["with a floor of half a size", withMesh({ floor: { size: 0.5, root: production.revisions[0]!.configRoot } })],
    ["with a patience of 0 s", withMesh({ maxStale: 0 })],
    ["with a patience that is text", withMesh({ maxStale: "600" })],
    ["with an unknown way to be stale", withMesh({ onStale: "open" })],
    ["with default-variant for cold isolates", withMesh({ coldStale: "default-variant" })],
    ["with insecure endpoints by a number", { ...deployment, allowInsecureEndpoints: 1 }],
  ])("%s", (_, policy) => {
    expect(errorOf(policy)).toMatch(/^deployment policy/);
  });
});
