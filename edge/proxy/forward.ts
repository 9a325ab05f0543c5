/** Sends a request to a backend, streaming both ways, and falls back where that can't hurt. */
import type { Backend, Revision } from "../revision.ts";
import type { Env } from "../env.ts";
import { problem } from "../problem.ts";

export interface Forwarded {
  readonly response: Response;
  /** Who answered: the routed backend, or a fallback of it. */
  readonly backend: string;
}

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Methods that may be sent twice. */
const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/** A second endpoint, or a fallback, is tried once each; then the client is told. */
const attemptsMax = 2;

/**
 * @param pathAndQuery as the client sent it; nothing else of the request has a say in where it goes
 * @param identity ranks the endpoints
 */
export async function forward(
  request: Request,
  headers: Headers,
  pathAndQuery: string,
  backend: Backend,
  identity: string,
  { backends }: Revision,
  env: Env,
): Promise<Forwarded> {
  const init: RequestInit = {
    method: request.method,
    headers,
    body: request.body,
    redirect: "manual",
    // The client's disconnect ends the upstream request too.
    signal: request.signal,
  };
  const replayable = isSafe(request.method) && request.body === null;
  let failure = "";
  let next: Backend | undefined = backend;
  for (
    const tried = new Set<string>();
    next !== undefined && !tried.has(next.name);
    next = next.fallback === undefined ? undefined : backends.get(next.fallback)
  ) {
    tried.add(next.name);
    const origins = originsOf(next, identity, env);
    if (origins.length === 0) {
      return {
        response: problem("backend_binding_missing", `backend ${next.name} has no binding here`),
        backend: next.name,
      };
    }
    for (const { origin, fetch } of origins.slice(0, attemptsMax)) {
      try {
        return { response: await fetch(origin + pathAndQuery, init), backend: next.name };
      } catch (error) {
        failure = `${next.name}: ${error instanceof Error ? error.message : String(error)}`;
        if (!replayable || request.signal.aborted) return { response: unreachable(next), backend: next.name };
      }
    }
  }
  console.warn(JSON.stringify({ level: "warn", event: "backend_unreachable", backend: backend.name, failure }));
  return { response: unreachable(backend), backend: backend.name };
}

const unreachable = ({ name }: Backend): Response => problem("backend_unreachable", `backend ${name} gave no answer`);

const globalFetch: Fetch = (input, init) => fetch(input, init);

function originsOf({ target }: Backend, identity: string, env: Env): readonly { origin: string; fetch: Fetch }[] {
  if ("rank" in target) return target.rank(identity).map(({ url }) => ({ origin: url, fetch: globalFetch }));
  const binding = env[target.binding] as Fetcher | undefined;
  if (typeof binding?.fetch !== "function") return [];
  return [{ origin: "https://backend.flagmesh.invalid", fetch: (input, init) => binding.fetch(input, init) }];
}
