/** A valid document that uses every key of the format. */
export const vkey = "checkout-v2+d611c26f+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

export const exampleDocument = {
  $schema: "https://flagd.dev/schema/v0/flags.json",
  mesh: "acme/production",
  settings: {
    identity: [{ header: "X-User-Id" }, { cookie: "flagmesh_id" }, { query: "u" }, { ip: true }],
    debugHeaders: true,
  },
  metadata: { team: "shop", version: 2 },
  $evaluators: { staff: { ends_with: [{ var: "email" }, "@acme.com"] } },
  flags: {
    "new-checkout": {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: { if: [{ $ref: "staff" }, "on", null] },
      rollout: { on: 12.5 },
      metadata: { owner: "team-checkout", expires: "2027-01-31" },
    },
    "new-search": {
      variants: { on: true, off: false },
      defaultVariant: "off",
      rollout: { variant: "on", steps: [1, 5, 25, 50, 100] },
      prerequisites: [{ flag: "new-checkout", variants: ["on"] }],
    },
  },
  backends: {
    "checkout-v1": { endpoints: [{ url: "https://checkout-v1.internal" }], health: { path: "/healthz" } },
    "checkout-v2": {
      endpoints: [{ url: "https://a.internal", weight: 2 }, { url: "https://B.internal:443/" }],
      health: { path: "/healthz", interval: "1m", timeout: "500ms", unhealthy: 3, healthy: 2 },
      attest: { image: `sha256:${"0".repeat(64)}`, key: vkey },
      maxConcurrent: 200,
      fallback: "checkout-v1",
    },
    "search-v2": { service: "SEARCH_V2" },
    "search-v3": { container: "SEARCH_V3" },
  },
  routes: {
    checkout: {
      match: { host: "Shop.Example.com", path: "/checkout/*", methods: ["post", "GET"] },
      flag: "new-checkout",
      to: { on: "checkout-v2", off: "checkout-v1" },
    },
    rest: { match: { host: "shop.example.com" }, backend: "checkout-v1" },
  },
};

/** A copy of the example with one part replaced; `undefined` removes it. */
export function exampleWith(...changes: readonly (readonly [path: string, value: unknown])[]): unknown {
  const copy = JSON.parse(JSON.stringify(exampleDocument)) as Record<string, unknown>;
  for (const [path, value] of changes) {
    const keys = path.split(">");
    const last = keys.pop() ?? "";
    let at = copy;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}
