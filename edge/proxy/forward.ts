/** Sends a request to a backend, streaming both ways, and falls back where that can't hurt. */
import type { Backend, Revision } from "../revision.ts";
import type { Env } from "../env.ts";
import { problem } from "../problem.ts";

export interface Forwarded {
  readonly response: Response;
  /** Who answered: the routed backend, or a fallback of it. */
  readonly backend: string;
}

type FailureCode = "backend_unreachable" | "backend_binding_missing";
type Fetch = (input: string | Request, init: RequestInit) => Promise<Response>;

/** Methods that may be sent twice. */
const isSafe = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS";

/** A second endpoint, or a fallback, is tried once each; then the client is told. */
const attemptsMax = 2;

export interface ToForward {
  readonly request: Request;
  readonly headers: Headers;
  /** As the client sent it; nothing else of the request has a say in where it goes. */
  readonly pathAndQuery: string;
  readonly backend: Backend;
  /** Ranks the endpoints. */
  readonly identity: string | undefined;
  readonly revision: Revision;
  readonly env: Env;
  /** Receives one line of JSON. */
  readonly log: (line: string) => void;
}

export async function forward(what: ToForward): Promise<Forwarded> {
  const { request, headers, pathAndQuery, backend, identity, revision, env, log } = what;
  // workerd has a body for `Content-Length: 0` too.
  const body = request.headers.get("content-length") === "0" ? null : request.body;
  const replayable = body === null && isSafe(request.method);
  const send = senderOf(request, headers, body);
  const fail = ({ name }: Backend, code: FailureCode, message: string): Forwarded => {
    log(JSON.stringify({ level: "warn", event: code, backend: name, message }));
    return { response: problem(code, `backend ${name} gave no answer`), backend: name };
  };
  let failed: Forwarded | undefined;
  let next: Backend | undefined = backend;
  for (
    const tried = new Set<string>();
    next !== undefined && !tried.has(next.name);
    next = next.fallback === undefined ? undefined : revision.backends.get(next.fallback)
  ) {
    tried.add(next.name);
    const origins = originsOf(next, identity, env);
    if (origins.length === 0) failed ??= fail(next, "backend_binding_missing", "its binding is not deployed");
    for (const { origin, fetch } of origins.slice(0, attemptsMax)) {
      try {
        return { response: await send(fetch, origin + pathAndQuery), backend: next.name };
      } catch (error) {
        const failure = fail(next, "backend_unreachable", error instanceof Error ? error.message : String(error));
        if (!replayable || request.signal.aborted) return failure;
        failed ??= failure;
      }
    }
  }
  return failed ?? fail(backend, "backend_unreachable", "it has no endpoint");
}

/** Each call sends the request once; only one without a body may be sent again. */
function senderOf(
  request: Request,
  headers: Headers,
  body: ReadableStream | null,
): (fetch: Fetch, url: string) => Promise<Response> {
  // No signal: when the client goes away the platform ends the upstream request by itself, and a signal costs 20 µs.
  const init: RequestInit = { headers, redirect: "manual" };
  const { method } = request;
  if (body !== null && (method === "GET" || method === "HEAD")) {
    // Fetch has no such request; a copy of one that arrived keeps its body.
    return (fetch, url) => fetch(new Request(url, request), init);
  }
  return (fetch, url) => fetch(url, { ...init, method, body });
}

const globalFetch: Fetch = (input, init) => fetch(input, init);

function originsOf(
  { target }: Backend,
  identity: string | undefined,
  env: Env,
): readonly { origin: string; fetch: Fetch }[] {
  if ("rank" in target) return target.rank(identity).map(({ url }) => ({ origin: url, fetch: globalFetch }));
  const binding = env[target.binding] as Fetcher | undefined;
  if (typeof binding?.fetch !== "function") return [];
  return [{ origin: "https://backend.flagmesh.invalid", fetch: (input, init) => binding.fetch(input, init) }];
}
