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
import type { Route } from "./revision.ts";
import type { MeshSource, Serving } from "./source/mesh-source.ts";

export interface RouterDeps {
  readonly deployment: DeploymentPolicy;
  /** The mesh's source in this isolate, made at its first use; `undefined` where the store isn't configured. */
  readonly sourceOf: (pins: MeshPins, env: Env) => MeshSource | undefined;
  readonly clockMs: () => number;
}

interface Prepared {
  readonly source: MeshSource;
  readonly host: string;
  readonly pathAndQuery: string;
  readonly secure: boolean;
}

const ownPrefix = "/.well-known/flagmesh/";

export function createRouter({ deployment, sourceOf, clockMs }: RouterDeps) {
  const findMesh = meshFinder(deployment);
  const app = new Hono<{ Bindings: Env }>();

  app.all("*", async (c) => {
    const { url } = c.req.raw;
    const { host, pathAndQuery, secure } = splitUrl(url);
    const pins = findMesh(withoutPort(host));
    if (pins === undefined) return problem("unknown_host", `${host} is no host of this deployment`);
    const source = sourceOf(pins, c.env);
    if (source === undefined) {
      return problem("router_misconfigured", "set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
    }
    const prepared = { source, host, pathAndQuery, secure };
    const waiting = source.prepare(clockMs(), (work) => c.executionCtx.waitUntil(work));
    if (waiting !== undefined) await waiting;
    return answer(c.req.raw, prepared, c.env);
  });
  app.onError((error) => {
    console.error(JSON.stringify({ level: "error", event: "router_error", message: String(error) }));
    return problem("router_misconfigured", "the router failed; its log says why");
  });
  return app;

  function answer(request: Request, prepared: Prepared, env: Env): Response | Promise<Response> {
    const { source, host, pathAndQuery } = prepared;
    if (pathAndQuery.startsWith(ownPrefix)) return own(request, source, pathAndQuery.slice(ownPrefix.length));
    const serving = source.serving();
    if (serving === undefined) return noVerifiedConfig(source);
    const stale = source.isStale(clockMs());
    if (stale && source.pins.onStale === "closed") {
      return problem(
        "mesh_stale",
        `${source.pins.mesh} was last known fresh more than ${source.pins.maxStale} s ago`,
        1,
      );
    }
    const query = pathAndQuery.indexOf("?");
    const path = query === -1 ? pathAndQuery : pathAndQuery.slice(0, query);
    const route = serving.revision.routes.find(withoutPort(host), path, request.method);
    if (route === undefined) return problem("no_route", `${request.method} ${host}${path} matches no route`);
    return proxy(request, prepared, route, serving, stale, env);
  }

  function own(request: Request, source: MeshSource, name: string): Response | Promise<Response> {
    switch (name.split("?", 1)[0]) {
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

  async function proxy(
    request: Request,
    { source, host, pathAndQuery, secure }: Prepared,
    route: Route,
    { release, revision }: Serving,
    stale: boolean,
    env: Env,
  ): Promise<Response> {
    const headers = requestHeaders(request.headers, { host, secure });
    if (headers === undefined) return problem("request_loop", "an endpoint of this mesh leads back to the router");
    const query = pathAndQuery.indexOf("?");
    const identity = revision.identify(request, { secure, query: query === -1 ? "" : pathAndQuery.slice(query + 1) });
    const { targetingKey } = identity;
    const context = targetingKey === undefined ? {} : { targetingKey };
    const byDefault = stale && source.pins.onStale === "default-variant";
    const evaluation = byDefault ? undefined : route.flag?.route(context, Math.floor(clockMs() / 1_000));
    const variant = evaluation?.variant ?? route.defaultVariant;
    const routed = route.backends.get(variant);
    if (routed === undefined) throw new Error(`route ${route.name} has no backend for variant ${variant}`);

    const { response, backend } = await forward(
      request,
      headers,
      pathAndQuery,
      routed,
      targetingKey ?? "",
      revision,
      env,
    );
    const drop = responseHeadersToDrop(response.headers);
    if (drop.length === 0 && identity.setCookie === undefined && !revision.debugHeaders && !stale) return response;
    // A protocol switch can't be rebuilt.
    if (response.status === 101) return response;
    const changed = new Response(response.body, response);
    for (const name of drop) changed.headers.delete(name);
    if (identity.setCookie !== undefined) changed.headers.append("set-cookie", identity.setCookie);
    if (stale) changed.headers.set("x-flagmesh-stale", "true");
    if (revision.debugHeaders) {
      changed.headers.set("x-flagmesh-release", String(release.statement.release));
      changed.headers.set("x-flagmesh-backend", backend);
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

const withoutPort = (host: string): string => {
  const colon = host.lastIndexOf(":");
  return colon === -1 || host.endsWith("]") ? host : host.slice(0, colon);
};

/** The platform has normalised the URL; slicing it costs a tenth of parsing it again. */
function splitUrl(url: string): { host: string; pathAndQuery: string; secure: boolean } {
  const secure = url.startsWith("https:");
  const hostStart = secure ? 8 : 7;
  const pathStart = url.indexOf("/", hostStart);
  const fragment = url.indexOf("#", pathStart);
  return {
    host: url.slice(hostStart, pathStart),
    pathAndQuery: url.slice(pathStart, fragment === -1 ? undefined : fragment),
    secure,
  };
}
