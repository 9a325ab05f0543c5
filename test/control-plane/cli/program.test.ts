import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Call, Command } from "../../../control-plane/cli/command.ts";
import { commands } from "../../../control-plane/cli/commands.ts";
import { createFolder, type Folder } from "./run.ts";

let folder: Folder;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(async () => folder.remove());

/** Remembers how it was called. */
function createProbe(): { command: Command; calls: Call[] } {
  const calls: Call[] = [];
  const command: Command = {
    name: "probe",
    summary: "show how it was called",
    examples: ["flagmesh probe"],
    declare: (declaration) => void declaration.argument("[thing]").option("--loud"),
    run(call) {
      calls.push(call);
      return Promise.resolve(0);
    },
  };
  return { command, calls };
}

test("without a command it says what there is, and that this is wrong usage", async () => {
  const { exit, stderr } = await folder.run("");
  expect(exit).toBe(2);
  expect(stderr).toContain("Commands:");
});

test("--help lists every command and every exit code", async () => {
  const { exit, stdout } = await folder.run("--help");
  expect(exit).toBe(0);
  for (const { name, summary } of commands) {
    const [first = "", second] = name.split(" ");
    expect(stdout).toMatch(new RegExp(`^  ${first}\\b.*`, "m"));
    const listed = second === undefined ? stdout : (await folder.run(`${first} --help`)).stdout;
    expect(listed.replaceAll(/\s+/g, " ")).toContain(summary);
  }
  for (let code = 0; code <= 8; code++) expect(stdout).toMatch(new RegExp(`\\b${code} [a-z]`));
});

describe.each(commands)("$name --help", (command) => {
  test("shows an example that begins with the command, and the global options", async () => {
    const { exit, stdout } = await folder.run(`${command.name} --help`);
    expect(exit).toBe(0);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      expect(example).toMatch(new RegExp(`\\bflagmesh ${command.name}\\b`));
      expect(stdout).toContain(`$ ${example}`);
    }
    expect(stdout).toContain("--mesh <tenant/environment>");
  });
});

test("--version prints the version", async () => {
  expect(await folder.run("--version")).toEqual({ exit: 0, stdout: "1.2.3\n", stderr: "" });
});

test.each([
  ["nope", "unknown command 'nope'"],
  ["policy nope", "unknown command 'nope'"],
  ["policy", "Commands:"],
  ["validate --nope", "unknown option '--nope'"],
  ["validate a b", "too many arguments"],
  ["validate --format xml", "Allowed choices are text, json, sarif"],
  ["validate --mesh Acme", "tenant/environment"],
  ["validate --dir", "argument missing"],
  ["init --format sarif", "init prints text or json, not sarif"],
  ["lock --onto neither", "--onto is one of base, ours, theirs"],
])("%s is wrong usage, and says why", async (line, why) => {
  const { exit, stdout, stderr } = await folder.run(line);
  expect(exit).toBe(2);
  expect(stderr).toContain(why);
  expect(stdout).toBe("");
});

test.each(["--mesh a/b --format json probe x --loud", "probe --loud x --mesh a/b --format json"])(
  "global options may stand before and behind the command: %s",
  async (line) => {
    const { command, calls } = createProbe();
    await folder.run(line, {}, [command]);
    expect(calls[0]?.global).toEqual({ mesh: "a/b", dir: folder.path, format: "json" });
    expect(calls[0]?.args).toEqual(["x"]);
    expect(calls[0]?.options).toEqual({ loud: true });
  },
);

test("URL and token come from the environment, unless options say otherwise", async () => {
  const { command, calls } = createProbe();
  const env = { FLAGMESH_URL: "http://env", FLAGMESH_TOKEN: "fm_env" };
  await folder.run("probe", env, [command]);
  await folder.run("probe --url http://option --token fm_option", env, [command]);
  await folder.run("probe", { FLAGMESH_URL: "", FLAGMESH_TOKEN: "" }, [command]);
  expect(calls.map(({ global: { url, token } }) => [url, token])).toEqual([
    ["http://env", "fm_env"],
    ["http://option", "fm_option"],
    [undefined, undefined],
  ]);
});

test("a fault of our own is told in one line, with the stack only where it is asked for", async () => {
  const broken: Command = {
    ...createProbe().command,
    run: () => Promise.reject(new Error("invariant")),
  };
  const { exit, stderr } = await folder.run("probe", {}, [broken]);
  expect(exit).toBe(1);
  expect(stderr).toBe("flagmesh: internal error: invariant\n");
  expect((await folder.run("probe", { FLAGMESH_DEBUG: "1" }, [broken])).stderr).toContain("    at ");
});
