import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFolder, type Folder } from "./run.ts";

let folder: Folder;
beforeEach(async () => {
  folder = await createFolder();
});
afterEach(async () => folder.remove());

describe("init", () => {
  test("writes a document that is valid, and says where", async () => {
    const { exit, stdout } = await folder.run("init --mesh acme/production --dir config");
    expect(exit).toBe(0);
    expect(stdout).toBe(`${folder.path}/config/mesh.yaml\n`);
    expect(await folder.read("config/mesh.yaml")).toContain("mesh: acme/production\n");
    expect(await folder.run("validate config")).toEqual({
      exit: 0,
      stdout: "",
      stderr: "acme/production: 1 flag, 1 segment, 2 backends, 2 routes; no findings\n",
    });
  });

  test.each(["mesh.yaml", "mesh.yml", "mesh.json"])("leaves a %s that is there as it is", async (name) => {
    await folder.write({ [name]: "mine" });
    const { exit, stderr } = await folder.run("init --mesh acme/production");
    expect(exit).toBe(1);
    expect(stderr).toContain("[already_there]");
    expect(await folder.read(name)).toBe("mine");
  });

  test("asks for the mesh", async () => {
    const { exit, stderr } = await folder.run("init");
    expect(exit).toBe(2);
    expect(stderr).toContain("flagmesh init --mesh acme/production");
  });

  test("says where it can't write", async () => {
    await folder.write({ config: "a file" });
    const { exit, stderr } = await folder.run("init --mesh a/b --dir config/inner");
    expect(exit).toBe(1);
    expect(stderr).toContain("[unwritable]");
  });
});

describe("validate", () => {
  const faulty = "mesh: a/b\nflags:\n  x: { variants: { on: true }, defaultVariant: of, rolout: 1 }\n";

  test("prints findings with paths from the working directory, and fails", async () => {
    await folder.write({ "config/mesh.yaml": faulty });
    const { exit, stdout, stderr } = await folder.run("validate --dir config");
    expect(exit).toBe(1);
    expect(stdout).toContain('config/mesh.yaml:3:48: error: there is no variant "of" [unknown_variant]\n');
    expect(stdout).toContain("config/mesh.yaml:3:52: warning: rolout has no effect [unknown_flag_key]\n");
    expect(stderr).toBe("a/b; 1 error, 1 warning\n");
  });

  test("succeeds where there are only warnings", async () => {
    await folder.write({ "mesh.yaml": faulty.replace("of,", "on,") });
    expect(await folder.run("validate")).toMatchObject({ exit: 0, stderr: "a/b: 1 flag; 1 warning\n" });
  });

  test("prints JSON with every finding, and what there is", async () => {
    await folder.write({ "mesh.yaml": faulty });
    const { exit, stdout } = await folder.run("validate --format json");
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      mesh: "a/b",
      files: ["mesh.yaml"],
      diagnostics: [{ code: "unknown_variant", file: "mesh.yaml", line: 3, column: 48 }, { code: "unknown_flag_key" }],
    });
  });

  test("prints SARIF", async () => {
    await folder.write({ "mesh.yaml": faulty });
    const { stdout } = await folder.run("validate --format sarif");
    expect(JSON.parse(stdout)).toMatchObject({ version: "2.1.0", runs: [{ results: [{}, {}] }] });
  });

  test("takes a single file, which may be flagd's", async () => {
    await folder.write({ "shop.flagd.json": '{"flags": {"x": {"state": "ENABLED", "variants": {"on": true}}}}' });
    expect(await folder.run("validate shop.flagd.json")).toMatchObject({
      exit: 0,
      stderr: "documents: 1 flag; no findings\n",
    });
  });

  test("says what isn't there", async () => {
    expect(await folder.run("validate nope")).toMatchObject({
      exit: 1,
      stdout: "nope:1:1: error: there is no such file or directory [no_document]\n",
    });
    expect((await folder.run("validate")).stdout).toContain(".:1:1: error: no mesh.yaml and no flags/");
  });

  test("allows endpoints on this machine where asked to, or where the local control plane does", async () => {
    const local = 'mesh: a/b\nbackends: { x: { endpoints: [ { url: "http://127.0.0.1:8791" } ] } }\n';
    await folder.write({ "config/mesh.yaml": local });
    expect((await folder.run("validate config")).exit).toBe(1);
    expect((await folder.run("validate config --allow-insecure-endpoints")).exit).toBe(0);
    await folder.write({ ".flagmesh/deployment.json": '{"deployment": "local", "allowInsecureEndpoints": true}' });
    expect((await folder.run("validate config")).exit).toBe(0);
    await folder.write({ ".flagmesh/deployment.json": "{" });
    expect((await folder.run("validate config")).exit).toBe(1);
  });

  test("uses colours only where a terminal or FORCE_COLOR asks for them, and never with NO_COLOR", async () => {
    await folder.write({ "mesh.yaml": faulty });
    expect((await folder.run("validate")).stdout).not.toContain("\u001B");
    expect((await folder.run("validate", { FORCE_COLOR: "1" })).stdout).toContain("\u001B");
    expect((await folder.run("validate", { FORCE_COLOR: "1", NO_COLOR: "1" })).stdout).not.toContain("\u001B");
  });

  test("finds that the document is of another mesh", async () => {
    await folder.write({ "mesh.yaml": "mesh: a/b\n" });
    expect((await folder.run("validate --mesh a/c")).stdout).toContain(
      "mesh.yaml:1:7: error: the document is of mesh a/b",
    );
  });
});
