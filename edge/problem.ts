/** The router's own error answers: RFC 9457 problem details with a stable code. */
export type ProblemCode =
  | "target_malformed"
  | "unknown_host"
  | "no_verified_config"
  | "mesh_stale"
  | "no_route"
  | "request_loop"
  | "method_not_supported"
  | "backend_unreachable"
  | "backend_binding_missing"
  | "router_misconfigured"
  | "router_failed"
  | "no_hub"
  | "news_malformed"
  | "news_refused"
  | "hub_busy";

const statuses = {
  target_malformed: 400,
  unknown_host: 404,
  no_verified_config: 503,
  mesh_stale: 503,
  no_route: 404,
  request_loop: 508,
  method_not_supported: 501,
  backend_unreachable: 502,
  backend_binding_missing: 502,
  router_misconfigured: 500,
  router_failed: 500,
  no_hub: 404,
  news_malformed: 400,
  news_refused: 422,
  hub_busy: 429,
} as const satisfies Record<ProblemCode, number>;

const titles: Record<ProblemCode, string> = {
  target_malformed: "The request's host or path is none",
  unknown_host: "No mesh answers on this host",
  no_verified_config: "No verified configuration yet",
  mesh_stale: "The configuration is older than this deployment allows",
  no_route: "No route matches",
  request_loop: "The request came back to the router",
  method_not_supported: "The router doesn't forward this method",
  backend_unreachable: "The backend can't be reached",
  backend_binding_missing: "The backend's binding is not deployed",
  router_misconfigured: "The router is not set up",
  router_failed: "The router failed",
  no_hub: "No hub is bound to this router",
  news_malformed: "That is no news of a head",
  news_refused: "The head was not believed",
  hub_busy: "The hub is told too much",
};

/** @param retryAfter seconds */
export function problem(code: ProblemCode, detail: string, retryAfter?: number): Response {
  const status = statuses[code];
  return Response.json(
    { type: "about:blank", title: titles[code], status, code, detail },
    {
      status,
      headers: {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      },
    },
  );
}
