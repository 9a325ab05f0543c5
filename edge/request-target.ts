/**
 * What a request asks for (RFC 9112, 3.2), in the one form that is both matched against routes and sent to a backend. A
 * path that were matched in one form and sent in another would reach what its route doesn't lead to.
 */
export interface RequestTarget {
  /** Lowercase, without a port. */
  readonly host: string;
  /** Lowercase, with the port that the client named. */
  readonly authority: string;
  /** As the client sent it, but for dot segments, which `fetch` would resolve, and characters that it would encode. */
  readonly path: string;
  /** As sent, with its `?`; empty where there is none. */
  readonly query: string;
  readonly secure: boolean;
}

const authorityPattern = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Dot segments, also in their encoded form, and what isn't a path character (RFC 3986, 3.3). */
const isChangedByFetch = /\/(?:\.|%2e)|[^A-Za-z0-9\-._~!$&'()*+,;=:@%/]/i;

/** @param url as the platform gives it, which is Host and request line put together: normalised in some places, raw in others */
export function parseTarget(url: string): RequestTarget | undefined {
  const secure = url.startsWith("https:");
  const hostStart = secure ? 8 : 7;
  const pathStart = url.indexOf("/", hostStart);
  if (pathStart === -1) return undefined;
  const authority = url.slice(hostStart, pathStart).toLowerCase();
  // Host is the client's word, and backends build links with it: `shop.example.com:80@evil.example` is none.
  const host = authorityPattern.exec(authority)?.[1];
  if (host === undefined) return undefined;
  const fragment = url.indexOf("#", pathStart);
  const end = fragment === -1 ? url.length : fragment;
  const question = url.indexOf("?", pathStart);
  const pathEnd = question === -1 || question > end ? end : question;
  const path = url.slice(pathStart, pathEnd);
  return {
    host,
    authority,
    path: isChangedByFetch.test(path) ? new URL(`http://host${path}`).pathname : path,
    query: url.slice(pathEnd, end),
    secure,
  };
}
