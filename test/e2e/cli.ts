/** The command line at a test's mesh, in a folder of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../control-plane/cli/commands.ts";
import type { Context } from "../../control-plane/cli/context.ts";
import { runCli } from "../../control-plane/cli/program.ts";
import { openStateDirectory } from "../../control-plane/deployment/state-directory.ts";
import { meshId, type TestMesh } from "./mesh.ts";

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cli {
  readonly directory: string;
  /** @param line as after `flagmesh `, split at spaces */
  readonly run: (line: string, here?: Partial<Context>) => Promise<Ran>;
  readonly write: (name: string, text: string) => void;
  readonly read: (name: string) => string;
  /** The mesh's first policy, as approvers have it. */
  readonly policyFile: string;
  readonly remove: () => void;
}

export function createCli(mesh: TestMesh): Cli {
  const directory = mkdtempSync(join(tmpdir(), "flagmesh-e2e-cli-"));
  const { files, read } = openStateDirectory(mesh.directory, false);
  return {
    directory,
    policyFile: files.policy(meshId, 1),
    write: (name, text) => writeFileSync(join(directory, name), text),
    read: (name) => readFileSync(join(directory, name), "utf8"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
    async run(line, here = {}) {
      let stdout = "";
      let stderr = "";
      const exit = await runCli(
        line.split(" "),
        commands,
        {
          cwd: directory,
          env: { FLAGMESH_URL: mesh.controlPlane().url, FLAGMESH_TOKEN: (read(files.adminToken) ?? "").trim() },
          stdout: { write: (text) => void (stdout += text), isTerminal: false },
          stderr: { write: (text) => void (stderr += text), isTerminal: false },
          clock: () => Math.floor(Date.now() / 1_000),
          randomBytes: (length) => Uint8Array.from({ length }, (_, i) => i),
          fetch,
          signal: new AbortController().signal,
          ...here,
        },
        "0",
      );
      return { exit, stdout, stderr };
    },
  };
}
