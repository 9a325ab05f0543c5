/**
 * Which URLs may be an endpoint. A router and a control plane connect to whatever a document names, so a document must
 * not be able to name the inside of their networks (server-side request forgery).
 *
 * It judges what is written, after WHATWG URL normalisation, which turns `2130706433` and `0x7f.1` into `127.0.0.1`. It
 * can't judge what a name resolves to: who opens sockets also checks the address with `isPublicAddress`.
 */

export interface UrlFault {
  readonly code: "bad_url" | "url_not_https" | "url_has_credentials" | "url_has_path" | "url_not_public";
  readonly message: string;
}

export interface UrlPolicy {
  /** For work on one machine: also http, and loopback addresses. */
  readonly allowInsecure?: boolean;
}

/** Why a URL may not be an endpoint, or `undefined` where it may. Then `new URL(url).origin` says all of it. */
export function checkEndpointUrl(url: string, policy: UrlPolicy = {}): UrlFault | undefined {
  const fault = (code: UrlFault["code"], message: string): UrlFault => ({ code, message });
  // `URL` drops white space and control characters, and reads \ as /: such a text means something else to other readers.
  if (/[\s\p{Cc}\\]/u.test(url) || !/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    return fault("bad_url", "not an absolute URL such as https://checkout.example.com");
  }
  const { protocol, username, password, href, origin, hostname } = new URL(url);
  const local = policy.allowInsecure === true;
  if (protocol !== "https:" && !(local && protocol === "http:")) {
    return fault("url_not_https", `${protocol} is not https:`);
  }
  if (username !== "" || password !== "" || url.includes("@")) {
    return fault("url_has_credentials", "a user name or password stands in the URL");
  }
  if (href !== `${origin}/`) {
    return fault("url_has_path", "a path, query or fragment stands behind the host: an endpoint is only an origin");
  }
  const reach = reachOf(hostname);
  if (reach === "public" || (local && reach === "loopback")) return undefined;
  return fault("url_not_public", `${hostname} is a private, loopback, link-local or reserved address`);
}

/** Whether an IP address, v4 in dotted form or v6 with or without brackets, is one that everybody on the internet reaches. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "");
  const host = bare.includes(":") ? `[${bare}]` : bare;
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  return isAddress(hostname) && reachOf(hostname) === "public";
}

type Reach = "public" | "loopback" | "inside";

const isAddress = (hostname: string): boolean => hostname.startsWith("[") || ipv4Pattern.test(hostname);

function reachOf(hostname: string): Reach {
  if (hostname.startsWith("[")) return ipv6Reach(hostname.slice(1, -1));
  const dotted = ipv4Pattern.exec(hostname);
  if (dotted !== null) return ipv4Reach(dotted.slice(1, 5).map(Number));
  const name = hostname.replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  return insideNames.has(name) || name === "" ? "inside" : "public";
}

const ipv4Pattern = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;

/** Names that clouds' virtual machines resolve to themselves or to their metadata service. */
const insideNames = new Set(["localhost.localdomain", "metadata.google.internal"]);

/** IANA's special-purpose registry for IPv4, as first address and prefix length; documentation ranges left out. */
const insideIpv4: readonly (readonly [first: readonly number[], bits: number, what: string])[] = [
  [[0, 0, 0, 0], 8, "unspecified, this network"],
  [[10, 0, 0, 0], 8, "private"],
  [[100, 64, 0, 0], 10, "carrier-grade NAT"],
  [[169, 254, 0, 0], 16, "link-local, cloud metadata"],
  [[172, 16, 0, 0], 12, "private"],
  [[192, 0, 0, 0], 24, "protocol assignments"],
  [[192, 168, 0, 0], 16, "private"],
  [[198, 18, 0, 0], 15, "benchmarks"],
  [[224, 0, 0, 0], 4, "multicast"],
  [[240, 0, 0, 0], 4, "reserved, broadcast"],
];

function ipv4Reach(bytes: readonly number[]): Reach {
  if (bytes[0] === 127) return "loopback";
  const address = asNumber(bytes);
  const inside = insideIpv4.some(([first, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor(asNumber(first) / size);
  });
  return inside ? "inside" : "public";
}

const asNumber = (bytes: readonly number[]): number => bytes.reduce((number, byte) => number * 256 + byte, 0);

/**
 * Only 2000::/3 is global unicast, so nothing else is public: not ::, ::1, v4-mapped (::ffff:0:0/96), NAT64, fc00::/7, fe80::/10,
 * ff00::/8. Of it, 2001::/32 (Teredo) and 2002::/16 (6to4) carry an IPv4 address inside.
 */
function ipv6Reach(text: string): Reach {
  if (text === "::1") return "loopback";
  const [first = 0, second = 0] = text.split(":", 2).map((group) => Number.parseInt(group === "" ? "0" : group, 16));
  const globalUnicast = first >= 0x2000 && first <= 0x3fff;
  const tunnel = first === 0x2002 || (first === 0x2001 && second === 0);
  return globalUnicast && !tunnel ? "public" : "inside";
}
