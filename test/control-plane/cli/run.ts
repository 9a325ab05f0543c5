/** Runs a command as the process would, in a folder of its own. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "../../../control-plane/cli/command.ts";
import { commands } from "../../../control-plane/cli/commands.ts";
import type { Context } from "../../../control-plane/cli/context.ts";
import { runCli } from "../../../control-plane/cli/program.ts";

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Folder {
  readonly path: string;
  readonly write: (files: Readonly<Record<string, string>>) => Promise<void>;
  readonly read: (name: string) => Promise<string>;
  /** @param line as after `flagmesh `, split at spaces */
  readonly run: (
    line: string,
    env?: Readonly<Record<string, string>>,
    own?: readonly Command[],
    /** What this one call meets otherwise: a fetch that answers, somebody at the terminal. */
    here?: Partial<Context>,
  ) => Promise<Ran>;
  readonly remove: () => Promise<void>;
}

/** @param world what commands meet otherwise than by default */
export async function createFolder(world: Partial<Context> = {}): Promise<Folder> {
  const folder = await mkdtemp(path.join(tmpdir(), "flagmesh-cli-"));
  return {
    path: folder,
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await writeFile(path.join(folder, name), content);
      }
    },
    read: (name) => readFile(path.join(folder, name), "utf8"),
    async run(line, env = {}, own = commands, here = {}) {
      let stdout = "";
      let stderr = "";
      const exit = await runCli(
        line.split(" ").filter((word) => word !== ""),
        own,
        {
          cwd: folder,
          env,
          stdout: { write: (text) => void (stdout += text), isTerminal: false },
          stderr: { write: (text) => void (stderr += text), isTerminal: false },
          clock: () => 1_800_000_000,
          randomBytes: (length) => new Uint8Array(length).fill(7),
          fetch: () => Promise.reject(new TypeError("fetch failed")),
          signal: new AbortController().signal,
          ...world,
          ...here,
        },
        "1.2.3",
      );
      return { exit, stdout, stderr };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
