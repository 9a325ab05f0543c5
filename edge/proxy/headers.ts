/**
 * Header rules of the proxy (RFC 9110, 7.6). workerd drops some hop-by-hop headers by itself, both ways, but passes on
 * Proxy-* and what Connection nominates: those go first, then ours are added.
 */

const droppedByPlatform = ["connection", "keep-alive", "te", "trailer", "transfer-encoding"];
const passedByPlatform = ["proxy-authenticate", "proxy-authorization", "proxy-connection"];

const notForBackends = new Set([...droppedByPlatform, ...passedByPlatform]);
const notForClients = new Set(passedByPlatform);
/** A nomination of these changes nothing. */
const options = new Set([...droppedByPlatform, "close", "upgrade", ""]);

/** Names that a client could use to pretend to be the router. */
const isOurs = (name: string): boolean =>
  name.startsWith("x-flagmesh-") || name.startsWith("x-forwarded-") || name === "forwarded";

/** RFC 8586: how often a request may pass through routers before it counts as a loop. */
const loopsMax = 3;
const loopToken = "flagmesh";

export interface ForwardedFor {
  /** Host and port that the client asked for. */
  readonly authority: string;
  readonly secure: boolean;
}

/** Headers of the upstream request, or `undefined` where the request goes in circles. */
export function requestHeaders(incoming: Headers, { authority, secure }: ForwardedFor): Headers | undefined {
  const loop = incoming.get("cdn-loop");
  if (loop !== null && passes(loop) >= loopsMax) return undefined;
  const headers = new Headers(incoming);
  const nominated = nominatedBy(incoming.get("connection"));
  for (const name of incoming.keys()) {
    if (isOurs(name) || notForBackends.has(name) || nominated?.has(name) === true) headers.delete(name);
  }
  // Another protocol over the same connection (h2c) would leave these rules behind.
  const upgrade = incoming.get("upgrade");
  if (upgrade !== null && upgrade.toLowerCase() !== "websocket") headers.delete("upgrade");
  headers.set("cdn-loop", loop === null ? loopToken : `${loop}, ${loopToken}`);
  headers.set("x-forwarded-host", authority);
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
    if (notForClients.has(name) || name.startsWith("x-flagmesh-") || nominated?.has(name) === true) drop.push(name);
  }
  return drop;
}

const passes = (loop: string): number =>
  loop.split(",").filter((entry) => entry.split(";", 1)[0]?.trim().toLowerCase() === loopToken).length;

/** Lowercase names. What the platform says of the client (`cf-connecting-ip`) can't be nominated away. */
function nominatedBy(connection: string | null): ReadonlySet<string> | undefined {
  if (connection === null) return undefined;
  let nominated: Set<string> | undefined;
  for (const entry of connection.split(",")) {
    const name = entry.trim().toLowerCase();
    if (!options.has(name) && !name.startsWith("cf-")) (nominated ??= new Set()).add(name);
  }
  return nominated;
}
