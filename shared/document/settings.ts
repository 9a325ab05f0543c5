/** A document's settings to their entry; it exists even where the document has none. */
import type { IdentitySource, SettingsEntry } from "./entry.ts";
import type { Path } from "./finding.ts";
import type { Report } from "./report.ts";
import type { DocumentShape, SettingsShape } from "./schema.ts";

const defaultIdentity: readonly IdentitySource[] = [{ header: "x-user-id" }, { cookie: "flagmesh_id" }];

/** RFC 9110, 5.6.2: what header and cookie names are made of. */
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const reservedHeader = /^(?:x-flagmesh-.*|forwarded|x-forwarded-.*)$/;

export function normaliseSettings(
  settings: SettingsShape,
  metadata: DocumentShape["metadata"],
  report: Report,
): SettingsEntry {
  const { identity, debugHeaders } = settings;
  return {
    identity:
      identity === undefined
        ? defaultIdentity
        : identity.map((source, i) => normaliseSource(source, ["settings", "identity", i], report)),
    ...(debugHeaders === undefined ? {} : { debugHeaders }),
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

type SourceShape = NonNullable<SettingsShape["identity"]>[number];

function normaliseSource(source: SourceShape, path: Path, report: Report): IdentitySource {
  const { header, cookie, query, ip } = source;
  if ([header, cookie, query, ip].filter((kind) => kind !== undefined).length !== 1) {
    report.error("identity_kind", path, "an identity source is exactly one of header, cookie, query and ip");
  }
  if (header !== undefined) return { header: checkHeader(header.toLowerCase(), [...path, "header"], report) };
  if (cookie !== undefined) return { cookie: checkToken(cookie, [...path, "cookie"], report) };
  if (query !== undefined) return { query: checkToken(query, [...path, "query"], report) };
  return { ip: true };
}

function checkHeader(header: string, path: Path, report: Report): string {
  if (reservedHeader.test(header)) {
    report.error("bad_identity_name", path, `the router replaces what clients send as ${header}`);
  }
  return checkToken(header, path, report);
}

function checkToken(name: string, path: Path, report: Report): string {
  if (!tokenPattern.test(name)) {
    report.error("bad_identity_name", path, "expected 1 to 64 letters, digits and hyphens or underscores");
  }
  return name;
}
