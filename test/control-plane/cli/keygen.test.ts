import { stat } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePrivateKey } from "../../../control-plane/keys/signing-key.ts";
import { encodeVkey, parseVkey } from "../../../shared/trust/vkey.ts";
import { createFolder, type Folder } from "./run.ts";

let folder: Folder;
beforeAll(async () => {
  folder = await createFolder();
});
afterAll(async () => folder.remove());

test("an approver's private key goes to a file that only its owner can read, and the public one to stdout", async () => {
  const { exit, stdout, stderr } = await folder.run("keygen --approver alice@example.com --out alice.key");
  expect(exit).toBe(0);
  const file = await folder.read("alice.key");
  const key = parsePrivateKey(file);
  expect(key).toMatchObject({ ok: true, value: { vkey: { name: "alice@example.com", type: 1 } } });
  expect(stdout).toBe(key.ok ? `${encodeVkey(key.value.vkey)}\n` : "");
  expect(stdout + stderr).not.toContain("PRIVATE");
  expect((await stat(path.join(folder.path, "alice.key"))).mode & 0o777).toBe(0o600);
});

test("a key that is there already is never overwritten", async () => {
  await folder.run("keygen --approver ben --out ben.key");
  const before = await folder.read("ben.key");
  const { exit, stderr } = await folder.run("keygen --approver ben --out ben.key");
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining("[unwritable]") as string });
  expect(await folder.read("ben.key")).toBe(before);
});

test("without a file both parts go to stdout, the private one first", async () => {
  const { stdout } = await folder.run("keygen --approver ci");
  const [secret = "", vkey = ""] = stdout.split("\n");
  expect(parsePrivateKey(secret).ok).toBe(true);
  expect(parseVkey(vkey).ok).toBe(true);
});

test("--freshness makes a key of the other type", async () => {
  const { stdout } = await folder.run("keygen --freshness a/b/freshness --format json");
  expect(parseVkey((JSON.parse(stdout) as { vkey: string }).vkey)).toMatchObject({ ok: true, value: { type: 4 } });
});

test("a token goes to a file alike", async () => {
  const { stdout } = await folder.run("keygen --api-token --out admin.token");
  expect(stdout).toBe(`${path.join(folder.path, "admin.token")}\n`);
  expect(await folder.read("admin.token")).toMatch(/^fm_admin_[\w-]{43}\n$/);
});

test.each([
  ["keygen", "bad_key_name"],
  ["keygen --approver a+b", "bad_key_name"],
  ["keygen --approver a b", "bad_option"],
  ["keygen --approver a --freshness", "bad_option"],
  ["keygen --api-token --freshness", "bad_option"],
])("%s is wrong usage", async (line, code) => {
  const { exit, stderr } = await folder.run(line);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(`[${code}]`) as string });
});
