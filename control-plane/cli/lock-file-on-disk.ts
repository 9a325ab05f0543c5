/** `flagmesh.lock` on disk, and the versions of it that git holds during a merge conflict. */
import { execFile } from "node:child_process";
import { open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { limits } from "../../shared/limits.ts";
import type { Stage } from "../locker/lock-conflict.ts";

export const lockFileName = "flagmesh.lock";

/** `undefined` where there is none. Throws where it can't be read. */
export async function readLockText(dir: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(dir, lockFileName), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all: a lock cut short by a crash would look tampered. */
export async function writeLockText(dir: string, text: string): Promise<void> {
  const file = path.join(dir, lockFileName);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The lock file at a stage of git's index; `undefined` where git has none, or isn't there. */
export async function showStage(dir: string, stage: Stage): Promise<string | undefined> {
  try {
    const options = { cwd: dir, maxBuffer: limits.lockBytesMax };
    return (await promisify(execFile)("git", ["show", `:${stage}:./${lockFileName}`], options)).stdout;
  } catch {
    return undefined;
  }
}
