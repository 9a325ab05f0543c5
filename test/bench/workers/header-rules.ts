/** What any proxy that can be relied on does to a request's headers (RFC 9110, 7.6), written out plainly. */
const dropped =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|forwarded|x-forwarded-.*|x-flagmesh-.*)$/;

export function proxyHeaders(request: Request): Headers {
  const headers = new Headers(request.headers);
  const nominated = request.headers.get("connection")?.toLowerCase().split(",") ?? [];
  for (const name of request.headers.keys()) if (dropped.test(name)) headers.delete(name);
  for (const name of nominated) if (name.trim() !== "" && name.trim() !== "upgrade") headers.delete(name.trim());
  const { host, protocol } = new URL(request.url);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", protocol.slice(0, -1));
  const client = request.headers.get("cf-connecting-ip");
  if (client !== null) headers.set("x-forwarded-for", client);
  return headers;
}
