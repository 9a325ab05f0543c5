import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadAuthorities } from "../../../control-plane/deployment/authority.ts";
import { openStateDirectory } from "../../../control-plane/deployment/state-directory.ts";
import { newKey } from "../../../control-plane/keys/new-key.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { cosignatureType, ed25519Type, encodeVkey, type KeyType } from "../../../shared/trust/vkey.ts";
import { createFolder, type Folder } from "./run.ts";

const vkey = (name: string, type: KeyType = ed25519Type): string => encodeVkey(newKey(name, type).key.vkey);
const [alice, ben, ci] = [vkey("alice@example.com"), vkey("ben@example.com"), vkey("ci")];
const mesh = "acme/production" as MeshId;
const init = `policy init --mesh ${mesh} --deployment flags.example.com --host shop.example.com --threshold 2 --approver ${alice} ${ben} ${ci}`;

let folder: Folder;
beforeEach(async () => {
  folder = await createFolder();
});
afterEach(async () => folder.remove());

const stateOf = ({ path: at }: Folder) => openStateDirectory(path.join(at, ".flagmesh"), false);

describe("policy init", () => {
  test("makes keys and policies with which a control plane starts, and prints the digest that routers pin", async () => {
    const { exit, stdout, stderr } = await folder.run(
      `${init} --endpoint-host *.shop.internal --override ${vkey("qa")}`,
    );
    expect(exit).toBe(0);
    const authorities = loadAuthorities(stateOf(folder));
    const authority = authorities.ok ? authorities.value.get(mesh) : undefined;
    expect(authority?.policy).toMatchObject({ origin: `flags.example.com/${mesh}`, number: 1 });
    expect(authority?.policy.approvers).toMatchObject({ threshold: 2, keys: [{ name: "alice@example.com" }, {}, {}] });
    expect(authority?.pins).toMatchObject({
      policy: authority?.policy.digest,
      hosts: ["shop.example.com"],
      endpointHosts: ["*.shop.internal"],
      allowInsecureEndpoints: false,
    });
    expect(stdout).toContain(authority?.policy.digest);
    expect(stdout).toContain("2 of 3 have to approve");
    expect(stderr).toContain("wrangler deploy");
    expect(stderr).not.toContain("warning");
    expect(stdout + stderr).not.toContain("PRIVATE");
  });

  test("lets nobody else read the keys", async () => {
    await folder.run(init);
    const { files } = stateOf(folder);
    for (const file of [files.logKey(mesh), files.freshnessKey(mesh)]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  test("adds a mesh to a deployment that is there, and changes nothing of the others", async () => {
    await folder.run(init);
    const { files } = stateOf(folder);
    const before = JSON.parse(readFileSync(files.deployment, "utf8")) as { meshes: Record<string, unknown> };
    const { exit } = await folder.run("policy init --mesh acme/staging --host staging.example.com --threshold 0");
    expect(exit).toBe(0);
    const after = JSON.parse(readFileSync(files.deployment, "utf8")) as { meshes: Record<string, unknown> };
    expect(Object.keys(after.meshes)).toEqual([mesh, "acme/staging"]);
    expect(after.meshes[mesh]).toEqual(before.meshes[mesh]);
    expect(loadAuthorities(stateOf(folder)).ok).toBe(true);
  });

  test("warns where nobody has to approve", async () => {
    const line = `policy init --mesh ${mesh} --deployment local --host localhost --threshold 0`;
    expect((await folder.run(line)).stderr).toContain("warning: nobody has to approve");
  });

  test.each([
    ["a mesh that is there", init, "mesh_present"],
    [
      "another deployment's name",
      init.replace(mesh, "acme/other").replace("flags.example", "other"),
      "deployment_mismatch",
    ],
    [
      "another mesh's host",
      `policy init --mesh acme/other --host shop.example.com --threshold 0`,
      "deployment_invalid",
    ],
    ["a host with a port", `policy init --mesh acme/other --host a.example:80 --threshold 0`, "deployment_invalid"],
    [
      "one key as two approvers",
      `policy init --mesh acme/other --host b.example --threshold 2 --approver ${alice} ${alice}`,
      "policy_key_repeated",
    ],
    [
      "one key in two roles",
      `policy init --mesh acme/other --host b.example --threshold 1 --approver ${alice} --override ${alice}`,
      "policy_key_repeated",
    ],
    [
      "more approvals than approvers",
      `policy init --mesh acme/other --host b.example --threshold 2 --approver ${alice}`,
      "policy_threshold_impossible",
    ],
  ])("refuses %s, and writes nothing", async (_, line, code) => {
    await folder.run(init);
    const { files, read } = stateOf(folder);
    const before = read(files.deployment);
    const key = read(files.logKey(mesh));
    const { exit, stderr } = await folder.run(line);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining(`[${code}]`) as string });
    expect(read(files.deployment)).toBe(before);
    expect(read(files.logKey(mesh))).toBe(key);
    expect(read(files.logKey("acme/other" as MeshId))).toBeUndefined();
  });

  test("refuses keys that a lost deployment policy may have pinned", async () => {
    await folder.run(init);
    const { files, read } = stateOf(folder);
    const key = read(files.logKey(mesh));
    await folder.write({ ".flagmesh/deployment.json": '{ "deployment": "flags.example.com", "meshes": {} }' });
    const { exit, stderr } = await folder.run(init);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining("[keys_present]") as string });
    expect(read(files.logKey(mesh))).toBe(key);
  });

  test.each([
    ["policy init --deployment local --host a.example --threshold 0", "mesh_missing"],
    [`policy init --mesh ${mesh} --deployment local --host a.example`, "bad_threshold"],
    [`policy init --mesh ${mesh} --deployment local --host a.example --threshold two`, "bad_threshold"],
    [`policy init --mesh ${mesh} --deployment local --threshold 0`, "host_missing"],
    [`policy init --mesh ${mesh} --deployment a/b --host a.example --threshold 0`, "bad_deployment"],
    [`policy init --mesh ${mesh} --deployment local --host a.example --threshold 1 --approver alice`, "bad_vkey"],
    [
      `policy init --mesh ${mesh} --deployment local --host a.example --threshold 1 --approver ${vkey("w", cosignatureType)}`,
      "bad_vkey",
    ],
    [
      `policy init --mesh ${mesh} --deployment local --host a.example --threshold 1 --approver ${newKey("a", ed25519Type).text}`,
      "private_key",
    ],
  ])("%s is wrong usage", async (line, code) => {
    const { exit, stderr } = await folder.run(line);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(`[${code}]`) as string });
    expect(stderr).not.toContain("PRIVATE");
  });
});

describe("policy show", () => {
  test("shows the state directory's policy to people and to programs", async () => {
    const made = await folder.run(`${init} --format json`);
    const shown = await folder.run("policy show --format json");
    expect(shown.exit).toBe(0);
    const policy = JSON.parse(shown.stdout) as Record<string, unknown>;
    expect(policy).toMatchObject({ number: 1, approvers: { threshold: 2, keys: [alice, ben, ci] } });
    expect(JSON.parse(made.stdout)).toMatchObject(policy);
    expect((await folder.run("policy show")).stdout).toContain(`  digest     ${String(policy["digest"])}\n`);
  });

  test("shows a policy's file, also where an editor ended it with a newline", async () => {
    await folder.run(init);
    const { files, read } = stateOf(folder);
    await folder.write({ "policy.json": `${read(files.policy(mesh, 1))}\n` });
    expect(await folder.run("policy show policy.json")).toEqual(await folder.run("policy show"));
  });

  test.each([
    ["policy show", "no_state"],
    ["policy show nope.json", "policy_missing"],
    ["policy show other.json", "policy_malformed"],
  ])("%s says what is missing", async (line, code) => {
    await folder.write({ "other.json": "{}" });
    const { exit, stderr } = await folder.run(line);
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining(`[${code}]`) as string });
  });

  test("asks which mesh where there are several", async () => {
    await folder.run(init);
    await folder.run("policy init --mesh acme/staging --host staging.example.com --threshold 0");
    expect((await folder.run("policy show")).stderr).toContain("[mesh_missing]");
    const { stderr } = await folder.run("policy show --mesh acme/staging");
    expect(stderr).toContain("warning: nobody has to approve");
  });
});
