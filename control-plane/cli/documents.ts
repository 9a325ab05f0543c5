/** How commands read the documents: the files, what is in them, and the findings, told as `--format` wants them. */
import path from "node:path";
import type { Bytes } from "../../shared/encoding/bytes.ts";
import { sortedByPlace, type Diagnostic } from "../locker/diagnostic.ts";
import { loadDocument, type Loaded } from "../locker/load.ts";
import { readDocumentFiles } from "../locker/read-files.ts";
import { countOf, diagnosticsAsText } from "../locker/report.ts";
import type { Call } from "./command.ts";
import { wantsColour } from "./context.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { answer, note } from "./say.ts";
import { findLocalDeployment } from "./state-folder.ts";

export interface Documents extends Loaded {
  /** By name, relative to the folder they were read from. */
  readonly files: ReadonlyMap<string, Bytes>;
}

export interface ReadOptions {
  /** A file, or a folder with `mesh.yaml` and `flags/`. Absolute. */
  readonly location: string;
  /** Also allowed where the local control plane allows it. */
  readonly allowInsecure: boolean;
}

/** The diagnostics' files are named relative to the working directory, so that editors and code review find them. */
export async function readDocuments({ context, global }: Call, options: ReadOptions): Promise<Documents> {
  const { location } = options;
  const allowInsecureEndpoints = options.allowInsecure || findLocalDeployment(location).allowInsecureEndpoints;
  const read = await readDocumentFiles(location);
  if (!read.ok) return { files: new Map(), diagnostics: [renamed(read.error, location, context.cwd)] };
  const files = read.value;
  const loaded = loadDocument(files, { mesh: global.mesh, allowInsecureEndpoints });
  const base = files.has(path.basename(location)) && files.size === 1 ? path.dirname(location) : location;
  const diagnostics = loaded.diagnostics.map((diagnostic) => renamed(diagnostic, base, context.cwd));
  return { ...loaded, files, diagnostics: sortedByPlace(diagnostics) };
}

function renamed(diagnostic: Diagnostic, base: string, cwd: string): Diagnostic {
  const rename = (file: string): string => {
    const relative = path.relative(cwd, path.resolve(base, file)).split(path.sep).join("/");
    return relative === "" ? "." : relative;
  };
  const { file, related } = diagnostic;
  return {
    ...diagnostic,
    file: rename(file),
    ...(related === undefined ? {} : { related: { ...related, file: rename(related.file) } }),
  };
}

/** For commands whose data is something else: findings as messages, or as `{"diagnostics": …}` with `--format json`. */
export function refuseFindings(call: Call, { diagnostics }: Documents): ExitCode {
  const { stderr } = call.context;
  stderr.write(diagnosticsAsText(diagnostics, { colour: wantsColour(call.context, stderr) }));
  note(call, countOf(diagnostics));
  if (call.global.format === "json") answer(call, { diagnostics }, "");
  return exitCodes.refused;
}
