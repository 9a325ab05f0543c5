/** The router's bundle: with the policy it is given, and nothing that doesn't belong at the edge. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleRouter, type BundleOptions, type RouterBundle } from "../../../control-plane/local/bundle-router.ts";

const directory = mkdtempSync(join(tmpdir(), "flagmesh-bundle-"));
const deployment = join(directory, "deployment.json");
writeFileSync(deployment, JSON.stringify({ deployment: "a policy of one's own" }));
afterAll(() => rmSync(directory, { recursive: true }));

async function bundle(options: BundleOptions): Promise<RouterBundle> {
  const result = await bundleRouter(options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

test("the router is built, and holds no YAML parser and nothing of the control plane", async () => {
  const { code, bytes, inputs } = await bundle({ deployment });
  expect(bytes).toBe(Buffer.byteLength(code));
  expect([...inputs.keys()]).toContain("edge/index.ts");
  expect(
    [...inputs.keys()].filter((file) => /^(control-plane|test)\/|node_modules\/(yaml|@redis)\//.test(file)),
  ).toEqual([]);
});

test("the deployment policy is the one that is given, not the one in the repository", async () => {
  const { code } = await bundle({ deployment, entry: "test/control-plane/local/fixtures/deployed.ts" });
  expect(code).toContain("a policy of one's own");
});

test.for([
  ["a policy that isn't there", { deployment: join(directory, "none.json") }, /none\.json/],
  ["an entry that isn't there", { entry: "edge/none.ts" }, /edge\/none\.ts/],
] as const)("%s is a failure that names it", async ([, options, message]) => {
  const entry = "test/control-plane/local/fixtures/deployed.ts";
  const result = await bundleRouter({ deployment, entry, ...options });
  expect(result).toMatchObject({ ok: false, error: { code: "bundle_failed" } });
  expect(result.ok ? "" : result.error.message).toMatch(message);
});

test("without esbuild it says what to install", async () => {
  const result = await bundleRouter({ deployment }, () => Promise.reject(new Error("ERR_MODULE_NOT_FOUND")));
  expect(result).toMatchObject({ ok: false, error: { code: "esbuild_missing" } });
});
