/** Wiring: from what the platform gives to the router. Module scope is one isolate: it holds verified data, never a request's promise. */
import deploymentJson from "#deployment";
import { parseDeploymentPolicy } from "../shared/trust/deployment-policy.ts";
import type { Env } from "./env.ts";
import { createRouter } from "./router.ts";
import { createColdCopy } from "./source/cold-copy.ts";
import { createMeshSource, defaultTimes, type MeshSource } from "./source/mesh-source.ts";
import { createHubLink } from "./source/hub-link.ts";
import { connect, storeOf } from "./source/store.ts";

const deployment = parseDeploymentPolicy(deploymentJson);
// A router that is pinned to nothing must not start: `wrangler deploy` shows this.
if (!deployment.ok) throw new Error(`${deployment.error}. See docs/deploy.md`);

const sleep = (ms: number): Promise<void> => scheduler.wait(ms);
const log = (line: string): void => console.warn(line);
const sources = new Map<string, MeshSource>();

const router = createRouter({
  deployment: deployment.value,
  clockMs: () => Date.now(),
  log,
  sourceOf(pins, env) {
    const known = sources.get(pins.mesh);
    if (known !== undefined) return known;
    const redis = connect(env);
    if (redis === undefined) return undefined;
    const pollMs = Number(env.FLAGMESH_POLL_MS ?? defaultTimes.pollMs);
    const source = createMeshSource({
      pins,
      store: storeOf(redis, pins.mesh),
      coldCopy: createColdCopy(caches.default, pins.origin),
      hub: env.HUB === undefined ? undefined : createHubLink(env.HUB, pins.mesh, sleep),
      times: { ...defaultTimes, pollMs: Number.isFinite(pollMs) && pollMs >= 50 ? pollMs : defaultTimes.pollMs },
      clockMs: () => Date.now(),
      sleep,
      mint: () => crypto.randomUUID(),
      log,
    });
    sources.set(pins.mesh, source);
    return source;
  },
});

export { Hub } from "./hub/hub.ts";
export default router satisfies ExportedHandler<Env>;
