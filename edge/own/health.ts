/** The router's own answers under `/.well-known/flagmesh/`: what this isolate serves of a mesh, and what it refused. */
import { rootText } from "../../shared/acceptance/accept.ts";
import { problem } from "../problem.ts";
import type { MeshSource } from "../source/mesh-source.ts";

/** `status`: `ok`, `stale`, or `none` where nothing verified is there to serve (then 503). Ages in seconds. */
export function health(source: MeshSource, nowMs: number): Response {
  const { pins, failures } = source;
  const release = source.serving()?.release;
  const checkedAtMs = source.checkedAtMs();
  const body = {
    status: release === undefined ? "none" : source.isStale(nowMs) ? "stale" : "ok",
    mesh: pins.mesh,
    origin: pins.origin,
    ...(release === undefined
      ? {}
      : {
          release: release.statement.release,
          revision: release.statement.revision,
          size: release.checkpoint.size,
          root: rootText(release),
          configRoot: release.statement.configRoot,
          policy: release.policy.number,
          approvalsRequired: release.policy.approvers.threshold,
          overlay: release.overlay,
          freshAge: Math.max(0, Math.floor(nowMs / 1_000) - release.freshAt),
          maxStale: pins.maxStale,
        }),
    checkedAge: checkedAtMs === 0 ? null : Math.floor((nowMs - checkedAtMs) / 1_000),
    hub: source.hub === undefined ? "none" : source.hub.isLive() ? "live" : "idle",
    failures: failures.counts(),
    lastFailure: failures.last() ?? null,
    ...(release?.policy.approvers.threshold === 0
      ? { notice: "approvals required: 0, so the control plane is trusted with the content" }
      : {}),
  };
  return Response.json(body, {
    status: release === undefined ? 503 : 200,
    headers: { "cache-control": "no-store", ...(release === undefined ? { "retry-after": "1" } : {}) },
  });
}

/** The signed note that this isolate serves by, as it was signed. */
export function checkpoint(source: MeshSource): Response {
  const release = source.serving()?.release;
  if (release === undefined) return noVerifiedConfig(source);
  return new Response(release.note, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}

export function noVerifiedConfig({ pins, failures }: MeshSource): Response {
  const last = failures.last();
  const why = last === undefined ? "the first look at the store isn't done" : `${last.code}: ${last.message}`;
  return problem("no_verified_config", `${pins.mesh}: ${why}`, 1);
}
