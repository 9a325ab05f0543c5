/** `flagmesh validate`: everything that is wrong or doubtful in the documents, at once. */
import path from "node:path";
import type { Entries } from "../../shared/document/entry.ts";
import { hasErrors } from "../locker/diagnostic.ts";
import { countOf, diagnosticsAsText } from "../locker/report.ts";
import { diagnosticsAsSarif } from "../locker/sarif.ts";
import type { Call, Command } from "./command.ts";
import { wantsColour } from "./context.ts";
import { readDocuments, type Documents } from "./documents.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer, note } from "./say.ts";
import { version } from "../tool.ts";

export const validate: Command = {
  name: "validate",
  summary: "find everything that is wrong in the documents",
  examples: [
    "flagmesh validate",
    "flagmesh validate examples/shop --allow-insecure-endpoints",
    "flagmesh validate flags.flagd.json",
    "flagmesh validate --format sarif > findings.sarif",
  ],
  formats: ["text", "json", "sarif"],
  declare(command) {
    command
      .argument("[path]", "a file, or a folder with mesh.yaml and flags/ (default: --dir)")
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const { context, global, args, options } = call;
    const [given] = args;
    const location = given === undefined ? global.dir : path.resolve(context.cwd, given);
    const allowInsecure = options["allowInsecureEndpoints"] === true;
    const documents = await readDocuments(call, { location, allowInsecure });
    tell(call, documents);
    return hasErrors(documents.diagnostics) ? exitCodes.refused : exitCodes.fine;
  },
};

function tell(call: Call, { mesh, entries, diagnostics, files }: Documents): void {
  const { context, global } = call;
  if (global.format === "sarif") {
    context.stdout.write(`${diagnosticsAsSarif(diagnostics, version)}\n`);
    return;
  }
  const text = diagnosticsAsText(diagnostics, { colour: wantsColour(context, context.stdout) });
  const value = { mesh: mesh ?? null, files: [...files.keys()], entries: entries && countsOf(entries), diagnostics };
  answer(call, value, text.trimEnd());
  const counts = entries === undefined ? "" : `: ${describeCounts(countsOf(entries))}`;
  note(call, `${mesh ?? "documents"}${counts}; ${countOf(diagnostics)}`);
}

type Counts = Readonly<Record<"flags" | "segments" | "backends" | "routes", number>>;

function countsOf(entries: Entries): Counts {
  const count = (kind: string): number => [...entries.keys()].filter((key) => key.startsWith(`${kind}:`)).length;
  return { flags: count("flag"), segments: count("segment"), backends: count("backend"), routes: count("route") };
}

const describeCounts = (counts: Counts): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${count === 1 ? kind.slice(0, -1) : kind}`)
    .join(", ") || "nothing in it";
