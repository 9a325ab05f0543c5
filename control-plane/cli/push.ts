/** `flagmesh push`: sends the documents and their lock to the control plane. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fromUtf8 } from "../../shared/encoding/bytes.ts";
import { parseLockFile } from "../locker/lock-file.ts";
import { readDocumentFiles } from "../locker/read-files.ts";
import { diagnosticsAsText } from "../locker/report.ts";
import type { Diagnostic } from "../locker/diagnostic.ts";
import type { Command } from "./command.ts";
import {
  describeRelease,
  messageHeader,
  reach,
  rebucketedLines,
  refused,
  type ReleaseAnswer,
} from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer, note, refuse } from "./say.ts";

export const push: Command = {
  name: "push",
  summary: "publish the locked documents",
  examples: ['flagmesh push -m "new checkout for half"', "flagmesh push --on 41 --mesh acme/production"],
  declare(command) {
    command
      .option("-m, --message <text>", "why, for the release log")
      .option("--on <release>", "only if this release is still the newest");
  },
  async run(call) {
    const { global, options } = call;
    const lockFile = path.join(global.dir, "flagmesh.lock");
    if (!existsSync(lockFile)) {
      const hint = `flagmesh lock --dir ${path.relative(call.context.cwd, global.dir) || "."}`;
      return refuse(call, exitCodes.lockMissing, { code: "lock_missing", message: `there is no ${lockFile}`, hint });
    }
    const lock = readFileSync(lockFile, "utf8");
    const parsed = parseLockFile(lock);
    const documents = await readDocumentFiles(global.dir);
    if (!documents.ok) return refuse(call, exitCodes.refused, documents.error);
    const files: Record<string, string> = {};
    for (const [name, bytes] of documents.value) {
      const text = fromUtf8(bytes);
      if (text === undefined) {
        return refuse(call, exitCodes.refused, { code: "not_utf8", message: `${name} is not UTF-8 text` });
      }
      files[name] = text;
    }
    const remote = reach(call, parsed.ok ? parsed.value.mesh : undefined);
    if (!remote.ok) return refused(call, remote.error);
    const sent = await remote.value.send({
      method: "POST",
      path: "/releases",
      body: { files, lock },
      headers: {
        ...messageHeader(options["message"]),
        ...(typeof options["on"] === "string" ? { "if-match": `"${options["on"]}"` } : {}),
      },
    });
    if (!sent.ok) {
      const found = sent.error.problem?.["diagnostics"];
      if (Array.isArray(found)) note(call, diagnosticsAsText(found as Diagnostic[]));
      return refused(call, sent.error);
    }
    const released = sent.value as ReleaseAnswer;
    const lines = [`${remote.value.mesh}: ${describeRelease(released)}`, ...rebucketedLines(released)];
    answer(call, released, lines.join("\n"));
    return exitCodes.fine;
  },
};
