/** Does what a cold router does with a mesh, so many times, and tells how long each took: `GET /?rounds=5`. */
import deploymentJson from "#deployment";
import { accept } from "../../../shared/acceptance/accept.ts";
import { parseDeploymentPolicy } from "../../../shared/trust/deployment-policy.ts";
import type { Env } from "../../../edge/env.ts";
import { compileRevision } from "../../../edge/revision.ts";
import { connect, storeOf } from "../../../edge/source/store.ts";
import { checkTree } from "../../../edge/source/tree-check.ts";
import type { Loaded } from "../loaded.ts";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const deployment = parseDeploymentPolicy(deploymentJson);
    const redis = connect(env);
    const pins = deployment.ok ? deployment.value.meshes[0] : undefined;
    if (redis === undefined || pins === undefined) return new Response("not set up", { status: 500 });
    const store = storeOf(redis, pins.mesh);
    const rounds = Number(new URL(request.url).searchParams.get("rounds") ?? 1);
    const loads: Loaded[] = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      const candidate = await store.candidate();
      let fetched = 0;
      const timed = {
        ...store,
        async snapshot(digest: Parameters<typeof store.snapshot>[0]) {
          const before = performance.now();
          const text = await store.snapshot(digest);
          fetched += performance.now() - before;
          return text;
        },
      };
      const accepted = await accept(candidate, undefined, pins, timed, Math.floor(Date.now() / 1_000));
      if (!accepted.ok) return new Response(accepted.error.message, { status: 500 });
      const { release } = accepted.value;
      compileRevision(release, () => "");
      const ready = performance.now();
      const fault = await checkTree(release, async () => {});
      if (fault !== undefined) return new Response(fault.message, { status: 500 });
      const tree = performance.now();
      loads.push({
        entries: release.entries.size,
        fetchMs: fetched,
        readyMs: ready - start,
        treeMs: tree - ready,
      });
    }
    return Response.json(loads);
  },
};
