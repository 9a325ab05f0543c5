import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;

/** Tests of `shared/` run in both runtimes: the same bytes must mean the same everywhere. */
const shared = "test/shared/**/*.test.ts";

export default defineConfig({
  root,
  test: {
    // Of two cores too: much of the work is waiting for processes, disks and clocks.
    maxWorkers: 2,
    projects: [
      {
        root,
        test: {
          name: "node",
          include: [
            shared,
            "test/control-plane/**/*.test.ts",
            "test/differential/**/*.test.ts",
            "test/e2e/**/*.test.ts",
          ],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        // The router of these tests is pinned to the vectors' meshes; the deployed one to what its operator writes there.
        resolve: { alias: { "#deployment": `${root}test/vectors/trust/deployment.json` } },
        test: {
          name: "workerd",
          include: [shared, "test/edge/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
});
