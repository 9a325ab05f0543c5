/** The router as one module, built as `wrangler deploy` builds it, for the workerd on this machine. */
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";
import { err, ok, type Result } from "../../shared/result.ts";
import type { StartFailure } from "./start-failure.ts";

export interface RouterBundle {
  /** One ES module; what it still imports is `cloudflare:*` and `node:*`. */
  readonly code: string;
  readonly bytes: number;
  /** Each source file, from the repository's root, with the bytes it adds. */
  readonly inputs: ReadonlyMap<string, number>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface BundleOptions {
  /** The deployment policy: the path of a JSON file, in place of the one that is deployed (the import `#deployment`). */
  readonly deployment: string;
  /** From the repository's root; the router's own where it isn't given. */
  readonly entry?: string;
}

/** Writes nothing to disk. Fails with `esbuild_missing` or `bundle_failed`. */
export async function bundleRouter(
  { deployment, entry = "edge/index.ts" }: BundleOptions,
  loadEsbuild: () => Promise<typeof Esbuild> = () => import("esbuild"),
): Promise<Result<RouterBundle, StartFailure>> {
  let esbuild: typeof Esbuild;
  try {
    esbuild = await loadEsbuild();
  } catch {
    return err({
      code: "esbuild_missing",
      message: "the router can't be built: esbuild isn't installed. Run npm install, without --omit=dev.",
    });
  }
  try {
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [entry],
      absWorkingDir: root,
      bundle: true,
      format: "esm",
      target: "es2024",
      // With these conditions, this platform and this target, wrangler builds what is deployed.
      conditions: ["workerd", "worker", "browser"],
      platform: "browser",
      external: ["cloudflare:*", "node:*"],
      plugins: [readDeploymentFrom(deployment)],
      metafile: true,
      write: false,
      outfile: "router.js",
      logLevel: "silent",
    });
    const { text, contents } = outputFiles[0] as Esbuild.OutputFile;
    const output = Object.values(metafile.outputs)[0] as Esbuild.Metafile["outputs"][string];
    const inputs = Object.entries(output.inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const);
    return ok({ code: text, bytes: contents.length, inputs: new Map(inputs) });
  } catch (error) {
    return err({ code: "bundle_failed", message: `the router can't be built: ${(error as Error).message}` });
  }
}

const readDeploymentFrom = (path: string): Esbuild.Plugin => ({
  name: "deployment",
  setup(build) {
    build.onResolve({ filter: /^#deployment$/ }, () => ({ path }));
  },
});
