/** What a route matches: host, path and methods, in the one spelling that a router compares with. */
import type { RouteMatch } from "./entry.ts";
import type { Path } from "./finding.ts";
import type { Report } from "./report.ts";
import type { RouteShape } from "./schema.ts";

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const hostPattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);
const hostCharsMax = 253;
const pathCharsMax = 1024;
const methodPattern = /^[A-Z][A-Z-]{0,31}$/;

export function normaliseMatch(match: RouteShape["match"], path: Path, report: Report): RouteMatch {
  if (match.path !== undefined) checkRoutePath(match.path, [...path, "path"], report);
  return {
    host: normaliseHost(match.host, [...path, "host"], report),
    ...(match.path === undefined ? {} : { path: match.path }),
    ...(match.methods === undefined ? {} : { methods: normaliseMethods(match.methods, [...path, "methods"], report) }),
  };
}

function normaliseHost(written: string, path: Path, report: Report): string {
  const host = written.toLowerCase();
  if (host.length > hostCharsMax || !hostPattern.test(host)) {
    report.error(
      "bad_host",
      path,
      `expected a host name or *.host name, without a port; found ${JSON.stringify(written)}`,
      {
        ...hostHint(written),
      },
    );
  }
  return host;
}

function hostHint(written: string): { hint?: string } {
  if (written === "*") return { hint: "name the domain: *.example.com" };
  const url = `http://${written}`;
  if (!URL.canParse(url)) return {};
  const { hostname } = new URL(url);
  return hostPattern.test(hostname) && hostname !== written.toLowerCase() ? { hint: `write ${hostname}` } : {};
}

function checkRoutePath(pattern: string, path: Path, report: Report): void {
  const star = pattern.indexOf("*");
  const lastSegment = star === pattern.length - 1 && pattern.endsWith("/*");
  if (star !== -1 && !lastSegment) {
    report.error(
      "bad_path",
      path,
      `* stands only as the last segment, as in /checkout/*; found ${JSON.stringify(pattern)}`,
    );
  } else {
    checkPath(star === -1 ? pattern : `${pattern.slice(0, -2)}/`, path, report);
  }
}

/** A path as requests have it: from `/`, without query or fragment, encoded and without `..` as `URL` leaves it. */
export function checkPath(pathname: string, path: Path, report: Report): void {
  const url = `http://host${pathname}`;
  if (!pathname.startsWith("/") || pathname.length > pathCharsMax || !URL.canParse(url)) {
    report.error("bad_path", path, `expected a path that begins with /, of at most ${pathCharsMax} characters`);
  } else if (new URL(url).pathname !== pathname) {
    report.error("bad_path", path, `no request has this path: ${JSON.stringify(pathname)}`, {
      hint: `write ${new URL(url).pathname}`,
    });
  }
}

function normaliseMethods(written: readonly string[], path: Path, report: Report): readonly string[] {
  const places = new Map<string, number>();
  for (const [i, text] of written.entries()) {
    const method = text.toUpperCase();
    const first = places.get(method);
    if (!methodPattern.test(method)) {
      report.error("bad_method", [...path, i], `expected an HTTP method such as GET; found ${JSON.stringify(text)}`);
    } else if (first !== undefined) {
      report.error("duplicate_method", [...path, i], `${method} is listed twice`, { related: [...path, first] });
    }
    places.set(method, first ?? i);
  }
  return [...places.keys()].sort();
}
