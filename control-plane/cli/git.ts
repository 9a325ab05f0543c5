/** Reading what git has of a folder. Nothing of it is believed; where git isn't there, it has nothing. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Bytes } from "../../shared/encoding/bytes.ts";
import { limits } from "../../shared/limits.ts";

const run = promisify(execFile);

/** The last commits that changed a file of the folder, newest first. */
export async function commitsOf(dir: string, name: string, countMax: number): Promise<readonly string[]> {
  try {
    const args = ["log", `--max-count=${countMax}`, "--format=%H", "--", name];
    return (await run("git", args, { cwd: dir })).stdout.split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}

/** A file of the folder as it was in a commit; `undefined` where it wasn't there. */
export async function fileAt(dir: string, commit: string, name: string): Promise<Bytes | undefined> {
  try {
    const options = { cwd: dir, maxBuffer: limits.documentBytesMax, encoding: "buffer" } as const;
    return Uint8Array.from((await run("git", ["cat-file", "blob", `${commit}:./${name}`], options)).stdout);
  } catch {
    return undefined;
  }
}
