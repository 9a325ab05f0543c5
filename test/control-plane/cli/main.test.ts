import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFolder, type Folder } from "./run.ts";

const main = new URL("../../../control-plane/cli/main.ts", import.meta.url).pathname;

let folder: Folder;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(async () => folder.remove());

test("the process prints data on stdout, messages on stderr, and exits with the command's code", async () => {
  const child = spawn(process.execPath, [main, "init", "--mesh", "a/b"], { cwd: folder.path });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  expect(await once(child, "close")).toEqual([0, null]);
  expect(stdout).toBe(`${folder.path}/mesh.yaml\n`);
});

test("a reader that closes the pipe early neither breaks the process nor changes its exit code", async () => {
  const flags = Array.from({ length: 5_000 }, (_, i) => `  f${i}: { variants: {} }\n`);
  await folder.write({ "many.yaml": `flags:\n${flags.join("")}` });
  const child = spawn(process.execPath, [main, "validate", "many.yaml", "--format", "json"], { cwd: folder.path });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await once(child, "close")).toEqual([1, null]);
  expect(stderr).toBe("documents; 1000 errors, 1 warning\n");
});
