/** Diagnostics as SARIF 2.1.0 (OASIS), which code review shows beside the lines they are about. */
import type { Diagnostic, Place } from "./diagnostic.ts";

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** @param version of Flag Mesh */
export function diagnosticsAsSarif(diagnostics: readonly Diagnostic[], version: string): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const rules = codes.map((id) => ({ id }));
  const results = diagnostics.map((diagnostic) => ({
    ruleId: diagnostic.code,
    ruleIndex: codes.indexOf(diagnostic.code),
    level: diagnostic.severity,
    message: {
      text: diagnostic.hint === undefined ? diagnostic.message : `${diagnostic.message}. Hint: ${diagnostic.hint}`,
    },
    locations: [locationOf(diagnostic)],
    ...(diagnostic.related === undefined ? {} : { relatedLocations: [{ id: 1, ...locationOf(diagnostic.related) }] }),
  }));
  const driver = { name: "flagmesh", version, rules };
  const log = {
    $schema: schema,
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
  return JSON.stringify(log, null, 2);
}

function locationOf(place: Place & { readonly endLine?: number; readonly endColumn?: number }): object {
  const { file, line, column, endLine, endColumn } = place;
  return {
    physicalLocation: {
      artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
      region: {
        startLine: line,
        startColumn: column,
        ...(endLine === undefined ? {} : { endLine }),
        ...(endColumn === undefined ? {} : { endColumn }),
      },
    },
  };
}
