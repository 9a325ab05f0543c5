/** The router: host → mesh → route → identity → variant → backend. On a warm request nothing is awaited before the upstream fetch. */
import { Hono } from "hono";
import type { DeploymentPolicy, MeshPins } from "../shared/trust/deployment-policy.ts";
import { hostMatches } from "../shared/routes/specificity.ts";
import type { Env } from "./env.ts";
import { checkpoint, health, noVerifiedConfig } from "./own/health.ts";
import { tellHub } from "./own/tell-hub.ts";
import { problem } from "./problem.ts";
import { forward } from "./proxy/forward.ts";
import { requestHeaders, responseHeadersToDrop } from "./proxy/headers.ts";
import { parseTarget, type RequestTarget } from "./request-target.ts";
import type { Route } from "./revision.ts";
import type { MeshSource, Serving } from "./source/mesh-source.ts";

interface Routed {
  readonly request: Request;
  readonly target: RequestTarget;
  readonly route: Route;
  readonly serving: Serving;
  readonly stale: boolean;
  /** Without evaluating the flag. */
  readonly byDefault: boolean;
  readonly env: Env;
}

export interface RouterDeps {
  readonly deployment: DeploymentPolicy;
  /** The mesh's source in this isolate, made at its first use; `undefined` where the store isn't configured. */
  readonly sourceOf: (pins: MeshPins, env: Env) => MeshSource | undefined;
  readonly clockMs: () => number;
  /** Receives one line of JSON. */
  readonly log: (line: string) => void;
}

const ownPrefix = "/.well-known/flagmesh/";

/** A tunnel, and an echo of the client's own headers, secrets of proxies included (RFC 9110, 9.3.6 and 9.3.8). */
const refusedMethods = new Set(["CONNECT", "TRACE"]);

export function createRouter({ deployment, sourceOf, clockMs, log }: RouterDeps) {
  const findMesh = meshFinder(deployment);
  const app = new Hono<{ Bindings: Env }>();

  app.all("*", async (c) => {
    const request = c.req.raw;
    const target = parseTarget(request.url);
    if (target === undefined)
      return problem("target_malformed", "the request names no host, or no path, or both at odds");
    if (refusedMethods.has(request.method)) return problem("method_not_supported", `${request.method} is not routed`);
    const pins = findMesh(target.host);
    if (pins === undefined) return problem("unknown_host", `${target.host} is no host of this deployment`);
    const source = sourceOf(pins, c.env);
    if (source === undefined) {
      return problem("router_misconfigured", "set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
    }
    const waiting = source.prepare(clockMs(), (work) => c.executionCtx.waitUntil(work));
    if (waiting !== undefined) await waiting;
    return answer(request, target, source, c.env);
  });
  app.onError((error) => {
    log(JSON.stringify({ level: "error", event: "router_failed", message: String(error) }));
    return problem("router_failed", "its log says why");
  });
  return app;

  function answer(request: Request, target: RequestTarget, source: MeshSource, env: Env): Response | Promise<Response> {
    const { host, path } = target;
    if (path.startsWith(ownPrefix)) return own(request, source, path.slice(ownPrefix.length));
    const serving = source.serving();
    if (serving === undefined) return noVerifiedConfig(source);
    const stale = source.isStale(clockMs());
    const { mesh, maxStale, onStale } = source.pins;
    if (stale && onStale === "closed") {
      return problem("mesh_stale", `${mesh} was last known fresh more than ${maxStale} s ago`, 1);
    }
    const route = serving.revision.routes.find(host, path, request.method);
    if (route === undefined) return problem("no_route", `${request.method} ${host}${path} matches no route`);
    return proxy({ request, target, route, serving, stale, byDefault: stale && onStale === "default-variant", env });
  }

  function own(request: Request, source: MeshSource, name: string): Response | Promise<Response> {
    switch (name) {
      case "health":
        return health(source, clockMs());
      case "checkpoint":
        return checkpoint(source);
      case "hub":
        return tellHub(request, source);
      default:
        return problem("no_route", "here are: health, checkpoint, hub");
    }
  }

  async function proxy({ request, target, route, serving, stale, byDefault, env }: Routed): Promise<Response> {
    const { release, revision } = serving;
    const headers = requestHeaders(request.headers, target);
    if (headers === undefined) return problem("request_loop", "an endpoint of this mesh leads back to the router");
    const identity = revision.identify(request, target);
    const { targetingKey } = identity;
    const context = targetingKey === undefined ? {} : { targetingKey };
    const evaluation = byDefault ? undefined : route.flag?.route(context, Math.floor(clockMs() / 1_000));
    const variant = evaluation?.variant ?? route.defaultVariant;
    const routed = route.backends.get(variant);
    if (routed === undefined) throw new Error(`route ${route.name} has no backend for variant ${variant}`);

    const pathAndQuery = target.path + target.query;
    const { response, backend } = await forward({
      request,
      headers,
      pathAndQuery,
      backend: routed,
      identity: targetingKey,
      revision,
      env,
      log,
    });
    const drop = responseHeadersToDrop(response.headers);
    if (drop.length === 0 && identity.setCookie === undefined && !revision.debugHeaders) return response;
    // A protocol switch can't be rebuilt, nor can what is no status of HTTP.
    if (response.status < 200 || response.status > 599) return response;
    const changed = new Response(response.body, response);
    for (const name of drop) changed.headers.delete(name);
    if (identity.setCookie !== undefined) changed.headers.append("set-cookie", identity.setCookie);
    if (revision.debugHeaders) {
      changed.headers.set("x-flagmesh-release", String(release.statement.release));
      changed.headers.set("x-flagmesh-backend", encodeURIComponent(backend));
      if (stale) changed.headers.set("x-flagmesh-stale", "true");
      if (route.flag !== undefined) {
        changed.headers.set("x-flagmesh-flag", encodeURIComponent(route.flag.key));
        changed.headers.set("x-flagmesh-variant", encodeURIComponent(variant));
        changed.headers.set("x-flagmesh-reason", evaluation?.reason ?? "STALE");
      }
    }
    return changed;
  }
}

/** Exact hosts by one look-up; wildcards, which are few, one by one. */
function meshFinder({ meshes }: DeploymentPolicy): (host: string) => MeshPins | undefined {
  const exact = new Map<string, MeshPins>();
  const wildcards: (readonly [pattern: string, pins: MeshPins])[] = [];
  for (const pins of meshes) {
    for (const host of pins.hosts) {
      if (host.startsWith("*.")) wildcards.push([host, pins]);
      else exact.set(host, pins);
    }
  }
  return (host) => exact.get(host) ?? wildcards.find(([pattern]) => hostMatches(pattern, host))?.[1];
}
