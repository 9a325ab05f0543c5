/** `wrangler deploy` as it would be, up to the upload: wrangler.toml as it stands, with a deployment policy for an example. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorkerd } from "../bench/workerd-serve.ts";
import { freePort } from "../free-port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Of what is uploaded, not minified. Raise it with a reason. */
const bytesMax = 500 * 1024;
const gzipBytesMax = 110 * 1024;

interface Deployed {
  readonly code: string;
  readonly printed: string;
  /** Source files that are in it. */
  readonly inputs: readonly string[];
}

let directory: string;
let deployed: Deployed;

async function deploy(name: string, args: readonly string[]): Promise<Deployed> {
  const out = join(directory, name);
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--outdir", out, "--metafile", ...args],
    {
      cwd: root,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(directory, "log"), CI: "1" },
    },
  );
  const { outputs } = JSON.parse(readFileSync(join(out, "bundle-meta.json"), "utf8")) as {
    outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
  };
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return {
    code: readFileSync(join(out, "index.js"), "utf8"),
    printed: stdout + stderr,
    inputs: inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file),
  };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flagmesh-deploy-"));
  deployed = await deploy("example", ["--alias", "#deployment:./test/vectors/trust/deployment.json"]);
}, 60_000);

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test("it deploys without a warning, with the bindings that the router needs", () => {
  expect(deployed.printed).not.toMatch(/warning|error/i);
  expect(deployed.printed).toMatch(/env\.HUB \(Hub\)\s+Durable Object/);
  expect(deployed.printed).toMatch(/env\.VERSION\s+Worker Version Metadata/);
});

test("the bundle has the router, and nothing of a control plane", () => {
  const outside = deployed.inputs.filter((file) =>
    /control-plane|node_modules\/(?:yaml|@redis|pino|commander|@hono)\//.test(file),
  );
  expect(outside).toEqual([]);
  expect(deployed.inputs).toContain("edge/router.ts");
  expect(deployed.code).not.toContain("PRIVATE+KEY");
});

test("it imports nothing of Node", () => {
  const imported = [...deployed.code.matchAll(/^(?:import|export) [^;]*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
    ([, from, dynamic]) => from ?? dynamic,
  );
  expect(new Set(imported)).toEqual(new Set(["cloudflare:workers"]));
});

test("it is no larger than what was agreed on", () => {
  const bytes = { whole: Buffer.byteLength(deployed.code), gzip: gzipSync(deployed.code).length };
  expect(bytes.whole).toBeLessThan(bytesMax);
  expect(bytes.gzip).toBeLessThan(gzipBytesMax);
});

test("it starts, and answers for the hosts of its policy alone", async () => {
  const router = await startWorkerd({ port: await freePort(), code: deployed.code });
  try {
    const response = await fetch(router.url);
    expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "unknown_host" })]);
  } finally {
    await router.close();
  }
});

test("a router that is pinned to nothing doesn't start", async () => {
  const { code } = await deploy("unpinned", ["--alias", "#deployment:./test/e2e/unpinned.json"]);
  await expect(startWorkerd({ port: await freePort(), code })).rejects.toThrow("deployment policy");
});
