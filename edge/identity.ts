/** Whose request it is: the first identity source that the request carries, else a minted cookie. */
import type { IdentitySource } from "../shared/document/entry.ts";

export interface Identity {
  /** Absent where no source is present and none can be minted. */
  readonly targetingKey?: string;
  /** Where it came from, for explaining: `header x-user-id`, `minted cookie flagmesh_id`. */
  readonly source: string;
  /** A cookie that the response has to set. */
  readonly setCookie?: string;
}

/** `query` with its `?`. */
export type Identify = (request: Request, target: { readonly secure: boolean; readonly query: string }) => Identity;

const identityCharsMax = 256;
const yearSeconds = 31_536_000;

/** @param mint gives a new identity, unguessable and unique */
export function createIdentify(sources: readonly IdentitySource[], mint: () => string): Identify {
  const minted = sources.find((source) => "cookie" in source)?.cookie;
  const readers = sources.map((source) => ({ name: describeSource(source), read: readerOf(source) }));
  return (request, { secure, query }) => {
    for (const { name, read } of readers) {
      const value = read(request, query);
      if (value !== null && value !== "" && value.length <= identityCharsMax) {
        return { targetingKey: value, source: name };
      }
    }
    if (minted === undefined) return { source: "none" };
    const targetingKey = mint();
    return {
      targetingKey,
      source: `minted cookie ${minted}`,
      // The id, not the variant: what it is served stays a decision of the flag.
      setCookie: `${minted}=${targetingKey}; Path=/; HttpOnly${secure ? "; Secure" : ""}; SameSite=Lax; Max-Age=${yearSeconds}`,
    };
  };
}

function describeSource(source: IdentitySource): string {
  if ("header" in source) return `header ${source.header}`;
  if ("cookie" in source) return `cookie ${source.cookie}`;
  return "query" in source ? `query ${source.query}` : "ip";
}

function readerOf(source: IdentitySource): (request: Request, query: string) => string | null {
  if ("header" in source) return ({ headers }) => headers.get(source.header);
  if ("cookie" in source) return ({ headers }) => readCookie(headers.get("cookie"), source.cookie);
  if ("query" in source) return (_, query) => (query === "" ? null : new URLSearchParams(query).get(source.query));
  return ({ headers }) => headers.get("cf-connecting-ip");
}

/** The first cookie of that name (RFC 6265, 4.2), as sent. */
function readCookie(header: string | null, name: string): string | null {
  if (header === null) return null;
  let at = 0;
  while (at < header.length) {
    const end = header.indexOf(";", at);
    const pair = header.slice(at, end === -1 ? header.length : end).trim();
    if (pair.startsWith(name) && pair[name.length] === "=") return pair.slice(name.length + 1);
    if (end === -1) return null;
    at = end + 1;
  }
  return null;
}
