/**
 * Header rules of the proxy (RFC 9110, 7.6). workerd drops Connection, Keep-Alive and TE by itself, but passes on what
 * Connection nominates, and Proxy-Authorization: so those go first, then ours are added.
 */

/** Never forwarded, in either direction. `upgrade` stays: it is how a WebSocket begins. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);

/** Names that a client could use to pretend to be the router. */
const isOurs = (name: string): boolean =>
  name.startsWith("x-flagmesh-") || name.startsWith("x-forwarded-") || name === "forwarded";

/** RFC 8586: how often a request may pass through routers before it counts as a loop. */
const loopsMax = 3;
const loopToken = "flagmesh";

export interface ForwardedFor {
  readonly host: string;
  readonly secure: boolean;
}

/** Headers of the upstream request, or `undefined` where the request goes in circles. */
export function requestHeaders(incoming: Headers, { host, secure }: ForwardedFor): Headers | undefined {
  const headers = new Headers(incoming);
  const nominated = nominatedBy(incoming.get("connection"));
  for (const name of incoming.keys()) {
    if (isOurs(name) || hopByHop.has(name) || (nominated !== undefined && nominated.has(name))) headers.delete(name);
  }
  const loop = incoming.get("cdn-loop");
  if (loop !== null && loop.split(",").filter((entry) => entry.trim() === loopToken).length >= loopsMax) {
    return undefined;
  }
  headers.set("cdn-loop", loop === null ? loopToken : `${loop}, ${loopToken}`);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", secure ? "https" : "http");
  const client = incoming.get("cf-connecting-ip");
  if (client !== null) headers.set("x-forwarded-for", client);
  return headers;
}

/** What must go from an upstream response; empty for nearly every one, which is then passed on as it is. */
export function responseHeadersToDrop(headers: Headers): readonly string[] {
  const nominated = nominatedBy(headers.get("connection"));
  const drop: string[] = [];
  for (const name of headers.keys()) {
    if (hopByHop.has(name) || name.startsWith("x-flagmesh-") || nominated?.has(name) === true) drop.push(name);
  }
  return drop;
}

function nominatedBy(connection: string | null): ReadonlySet<string> | undefined {
  if (connection === null) return undefined;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  const nominated = new Set(
    names.filter((name) => name !== "" && name !== "upgrade" && name !== "close" && name !== "keep-alive"),
  );
  return nominated.size === 0 ? undefined : nominated;
}
