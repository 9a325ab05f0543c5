/** YAML and JSON files to a mesh's entries, or to everything that is wrong with them, each with its place. */
import type { Entries } from "../../shared/document/entry.ts";
import type { Finding } from "../../shared/document/finding.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { normalise, type NormaliseOptions } from "../../shared/document/normalise.ts";
import { limits } from "../../shared/limits.ts";
import {
  diagnosticAt,
  diagnosticOfFile,
  hasErrors,
  placeIn,
  sortedByPlace,
  type Diagnostic,
  type Said,
} from "./diagnostic.ts";
import { locate } from "./locate.ts";
import { mergeFiles, type Merged } from "./merge.ts";
import { parseFile, type ParsedFile } from "./parse-file.ts";
import type { SourceText } from "./source-text.ts";

export interface LoadOptions extends NormaliseOptions {
  /** The mesh that the files are meant for: another one in them is an error. */
  readonly mesh?: MeshId | undefined;
}

export interface Loaded {
  /** From the document, else from the options. */
  readonly mesh?: MeshId;
  /** Only where no diagnostic is an error. */
  readonly entries?: Entries;
  /** By file, line and column; at most `limits.findingsMax` and one that says how many more there are. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The files of one document by their names, relative and with `/`. Never throws, whatever is in them. */
export function loadDocument(files: ReadonlyMap<string, Uint8Array>, options: LoadOptions = {}): Loaded {
  const refusal = checkFiles(files);
  if (refusal !== undefined) return { diagnostics: [refusal] };
  const parsed = parseFiles(files);
  const syntax = parsed.flatMap(({ diagnostics }) => diagnostics);
  // With a file missing, each reference into it would dangle.
  if (parsed.some(({ content }) => content === undefined)) return { diagnostics: bounded(syntax) };

  const merged = mergeFiles(parsed);
  const { mesh = options.mesh, entries, findings } = normalise(merged.document, options);
  const [first] = parsed;
  const found = findings.map((finding) => located(finding, merged, first?.source));
  if (options.mesh !== undefined && mesh !== options.mesh) {
    const message = `the document is of mesh ${mesh}, not ${options.mesh}`;
    const finding: Finding = { code: "mesh_mismatch", severity: "error", path: ["mesh"], message };
    found.push(located(finding, merged, first?.source));
  }
  const diagnostics = bounded([...syntax, ...merged.diagnostics, ...withoutEchoes(found, syntax)]);
  return {
    ...(mesh === undefined ? {} : { mesh }),
    ...(entries === undefined || hasErrors(diagnostics) ? {} : { entries }),
    diagnostics,
  };
}

function parseFiles(files: ReadonlyMap<string, Uint8Array>): readonly ParsedFile[] {
  const parsed: ParsedFile[] = [];
  let tokensLeft: number = limits.yamlTokensMax;
  for (const [file, bytes] of files) {
    const next = parseFile(file, bytes, tokensLeft);
    parsed.push(next);
    tokensLeft -= next.tokens;
    if (tokensLeft < 0) break;
  }
  return parsed;
}

function checkFiles(files: ReadonlyMap<string, Uint8Array>): Diagnostic | undefined {
  const { documentBytesMax, filesPerDocumentMax } = limits;
  if (files.size === 0) return refused("no_document", "there is no file to read", ".");
  if (files.size > filesPerDocumentMax) {
    return refused("too_many_files", `${files.size} files; a document has at most ${filesPerDocumentMax}`, ".");
  }
  let bytes = 0;
  for (const [file, { length }] of files) {
    bytes += length;
    if (!isFileName(file))
      return refused("bad_file_name", "a file's name is relative, without .. and control characters", ".");
    if (bytes > documentBytesMax) {
      return refused("document_too_large", `the files have more than ${documentBytesMax} bytes together`, file);
    }
  }
  return undefined;
}

const refused = (code: string, message: string, file: string): Diagnostic =>
  diagnosticOfFile({ code, severity: "error", message }, file);

const isFileName = (name: string): boolean =>
  name.length <= limits.fileNameCharsMax &&
  name.isWellFormed() &&
  !/[\p{Cc}\\:]/u.test(name) &&
  name.split("/").every((part) => part !== "" && part !== "." && part !== "..");

const placeOf = ({ file, line, column }: Diagnostic): string => JSON.stringify([file, line, column]);

/** What the syntax already told of a place, in the source's own words, the document's rules would only tell again. */
function withoutEchoes(found: readonly Diagnostic[], syntax: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Set(syntax.map(placeOf));
  return found.filter((diagnostic) => !told.has(placeOf(diagnostic)));
}

/** The same finding may come of several entries, by an alias. */
function bounded(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const distinct = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { code, file, line, column } = diagnostic;
    const place = JSON.stringify([code, file, line, column, diagnostic.related ?? null]);
    if (!distinct.has(place)) distinct.set(place, diagnostic);
  }
  const sorted = sortedByPlace([...distinct.values()]);
  if (sorted.length <= limits.findingsMax) return sorted;
  const more = sorted.length - limits.findingsMax;
  const kept = [...sorted.filter(isError), ...sorted.filter((diagnostic) => !isError(diagnostic))].slice(
    0,
    limits.findingsMax,
  );
  const message = `${more} more findings are not shown`;
  return [...sortedByPlace(kept), diagnosticOfFile({ code: "too_many_findings", severity: "warning", message }, ".")];
}

const isError = ({ severity }: Diagnostic): boolean => severity === "error";

function located(finding: Finding, merged: Merged, first: SourceText | undefined): Diagnostic {
  const { code, severity, message, hint, path, atKey, related } = finding;
  const said: Said = { code, severity, message, hint };
  const place = locate(path, merged, atKey === true);
  const other = related === undefined ? undefined : locate(related, merged, false);
  if (place === undefined) return diagnosticOfFile(said, first?.file ?? ".");
  return diagnosticAt(said, place.source, place.span, other && placeIn(other.source, other.span));
}
