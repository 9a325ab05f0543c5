import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootstrap } from "../../../control-plane/deployment/bootstrap.ts";
import { openStateDirectory } from "../../../control-plane/deployment/state-directory.ts";
import { parseLockFile } from "../../../control-plane/locker/lock-file.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { createVkey, ed25519Type, encodeVkey } from "../../../shared/trust/vkey.ts";
import { createFolder, type Folder } from "./run.ts";

const document = `mesh: acme/shop
flags:
  a: { variants: { on: true, off: false }, defaultVariant: off, rollout: { on: 10 } }
`;

let folder: Folder;
beforeEach(async () => {
  folder = await createFolder();
  await folder.write({ "mesh.yaml": document });
});
afterEach(async () => folder.remove());

const edit = (from: string, to: string) => folder.write({ "mesh.yaml": document.replace(from, to) });

describe("lock", () => {
  test("asks for the deployment at the first lock, and keeps it later", async () => {
    expect(await folder.run("lock")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("--deployment") as string,
    });
    expect(await folder.run("lock --deployment flags.example.com")).toEqual({
      exit: 0,
      stdout: "flagmesh.lock: acme/shop revision 1\n  + flag:a\n  + settings\n",
      stderr: "",
    });
    await edit("on: 10", "on: 20");
    expect(await folder.run("lock")).toMatchObject({
      exit: 0,
      stdout: "flagmesh.lock: acme/shop revision 2\n  ~ flag:a\n",
    });
    const lock = parseLockFile(await folder.read("flagmesh.lock"));
    expect(lock).toMatchObject({ ok: true, value: { origin: "flags.example.com/acme/shop", revision: 2 } });
  });

  test("takes the deployment of the local control plane", async () => {
    await folder.write({ ".flagmesh/deployment.json": '{"deployment": "local"}' });
    expect((await folder.run("lock --format json")).stdout).toContain('"origin": "local/acme/shop"');
  });

  test("leaves the file as it is where nothing changed, and the revision where only comments did", async () => {
    await folder.run("lock --deployment local");
    const first = await folder.read("flagmesh.lock");
    expect((await folder.run("lock")).stdout).toBe("flagmesh.lock: acme/shop revision 1, unchanged\n");
    expect(await folder.read("flagmesh.lock")).toBe(first);
    await edit("flags:", "# a comment\nflags:");
    expect((await folder.run("lock")).stdout).toBe("flagmesh.lock: acme/shop revision 1, files only\n");
    expect(await folder.read("flagmesh.lock")).not.toBe(first);
  });

  test("writes nothing where the document has errors", async () => {
    await edit("on: 10", "on: 101");
    const { exit, stdout, stderr } = await folder.run("lock --deployment local");
    expect(exit).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain("mesh.yaml:3:80: error: 101 is no percentage");
    await expect(folder.read("flagmesh.lock")).rejects.toThrow("ENOENT");
    expect(JSON.parse((await folder.run("lock --format json")).stdout)).toMatchObject({
      diagnostics: [{ code: "percent_range" }],
    });
  });

  test.each([
    ["lock --deployment Local", 2, "[bad_deployment]"],
    ["lock --deployment other.example", 1, "[origin_changed]"],
  ])("%s exits with %d and says %s", async (line, exit, code) => {
    await folder.run("lock --deployment local");
    expect(await folder.run(line)).toMatchObject({ exit, stdout: "", stderr: expect.stringContaining(code) as string });
  });

  test("asks for the mesh where the document names none", async () => {
    await edit("mesh: acme/shop\n", "");
    expect(await folder.run("lock --deployment local")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("[mesh_missing]") as string,
    });
    expect((await folder.run("lock --deployment local --mesh acme/shop")).exit).toBe(0);
  });

  test("doesn't build on a lock that was edited", async () => {
    await folder.run("lock --deployment local");
    const text = await folder.read("flagmesh.lock");
    await folder.write({ "flagmesh.lock": `${text}# mine\n` });
    expect(await folder.run("lock")).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining("[lock_malformed]") as string,
    });
    await folder.write({ "flagmesh.lock": text.replace('"slot": 0', '"slot": 1') });
    expect((await folder.run("lock")).exit).toBe(5);
  });

  test("builds on git's common ancestor in a merge conflict, or on the side that is asked for", async () => {
    const git = (...args: readonly string[]): string =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: folder.path,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    const commit = (message: string): void => {
      git("add", ".");
      git("commit", "-m", message);
    };
    git("init", "-b", "main");
    await folder.run("lock --deployment local");
    commit("base");
    git("checkout", "-b", "theirs");
    await edit("on: 10", "on: 20");
    await folder.run("lock");
    commit("theirs");
    git("checkout", "main");
    await edit("defaultVariant: off", "state: DISABLED, defaultVariant: off");
    await folder.run("lock");
    commit("ours");
    expect(() => git("merge", "theirs")).toThrow("Command failed");
    await edit("defaultVariant: off, rollout: { on: 10 }", "state: DISABLED, defaultVariant: off, rollout: { on: 20 }");

    expect(await folder.run("verify")).toMatchObject({
      exit: 4,
      stderr: expect.stringContaining("[lock_conflicted]") as string,
    });
    const conflicted = await folder.read("flagmesh.lock");
    expect((await folder.run("lock")).stdout).toContain("acme/shop revision 2\n");
    expect((await folder.run("verify")).exit).toBe(0);
    await folder.write({ "flagmesh.lock": conflicted });
    expect((await folder.run("lock --onto theirs")).stdout).toContain("acme/shop revision 3\n");
    git("add", ".");
    await folder.write({ "flagmesh.lock": conflicted });
    expect(await folder.run("lock --deployment local")).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("[stage_missing]") as string,
    });
  });
});

describe("verify", () => {
  test("tells a missing, a drifted and a tampered lock apart, and writes nothing", async () => {
    expect(await folder.run("verify")).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("flagmesh lock") as string,
    });
    await folder.run("lock --deployment local");
    const text = await folder.read("flagmesh.lock");
    expect(await folder.run("verify")).toMatchObject({
      exit: 0,
      stdout: "flagmesh.lock: acme/shop revision 1 is what the documents say\n",
      stderr: "approvals not checked (0 there): pass --policy to check them\n",
    });
    await edit("on: 10", "on: 11");
    expect(await folder.run("verify")).toMatchObject({ exit: 4, stderr: expect.stringContaining("flag:a") as string });
    await edit("on: 10", "on: 10");
    await folder.write({ "flagmesh.lock": text.replace(/leaf": "./, 'leaf": "X') });
    expect((await folder.run("verify")).exit).toBe(5);
    await folder.write({ "flagmesh.lock": "hello\n" });
    expect((await folder.run("verify")).exit).toBe(5);
    expect(await folder.read("flagmesh.lock")).toBe("hello\n");
  });

  test("says as JSON what it says in words", async () => {
    expect(JSON.parse((await folder.run("verify --format json")).stdout)).toMatchObject({
      error: { code: "lock_missing", hint: "flagmesh lock" },
    });
  });

  test("refuses a policy that is none", async () => {
    await folder.run("lock --deployment local");
    await folder.write({ "policy.json": "{}\n" });
    expect(await folder.run("verify --policy policy.json")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("[policy_malformed]") as string,
    });
    expect(await folder.run("verify --policy nope.json")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("[policy_missing]") as string,
    });
  });

  test("finds that approvals are missing where the policy asks for them", async () => {
    const mesh = "acme/shop" as MeshId;
    const state = openStateDirectory(`${folder.path}/.flagmesh`);
    bootstrap(state, { deployment: "local", mesh, hosts: ["localhost"], endpointHosts: [] });
    await folder.run("lock");
    expect(await folder.run("verify")).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining("no approvals are needed") as string,
    });
    await folder.write({ "elsewhere/mesh.yaml": document });
    await folder.run("lock --dir elsewhere --deployment other.example");
    expect(await folder.run("verify --dir elsewhere")).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining("approvals not checked") as string,
    });
    const file = state.files.policy(mesh, 1);
    const policy = JSON.parse(state.read(file) ?? "{}") as { approvers: unknown; log: string };
    const key = encodeVkey(createVkey("alice", ed25519Type, new Uint8Array(32).fill(9)));
    policy.approvers = { keys: [key], threshold: 1 };
    await folder.write({ "policy.json": canonicalJson(policy as unknown as Json) });
    expect(await folder.run("verify --policy policy.json")).toMatchObject({
      exit: 6,
      stderr: expect.stringContaining("flagmesh approve") as string,
    });
    expect(await folder.run("verify --dir elsewhere --policy policy.json")).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("[policy_of_another_mesh]") as string,
    });
  });
});
