/**
 * Tells the hubs at the edge what is newest, so that isolates hear of it in milliseconds. It is a hint and nothing
 * waits for it: the head authenticates itself, and an isolate that misses it polls.
 */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Anchor } from "./anchor.ts";
import type { Publisher } from "./publisher.ts";

export interface HubNews {
  /** Never rejects. @param fresh the newest renewal, where there is one */
  readonly tell: (mesh: MeshId, head: string, fresh: string | null) => Promise<void>;
}

export interface HubNewsOptions {
  /** Of one router each: the mesh's hub is the same from all of a deployment's hosts. */
  readonly routers: readonly string[];
  readonly fetch: typeof fetch;
  /** One line of JSON. */
  readonly log: (line: string) => void;
}

const timeoutMs = 3_000;
const persistent = 2;

export function createHubNews({ routers, fetch, log }: HubNewsOptions): HubNews {
  const failures = new Map<string, number>();

  async function tellRouter(router: string, mesh: MeshId, body: string): Promise<void> {
    let found: string | undefined;
    try {
      const response = await fetch(`${router}/.well-known/flagmesh/hub`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) found = `${response.status} ${(await response.text()).slice(0, 200)}`;
      else await response.body?.cancel();
    } catch (error) {
      found = error instanceof Error ? error.message : String(error);
    }
    const before = failures.get(router) ?? 0;
    failures.set(router, found === undefined ? 0 : before + 1);
    // Told once when it persists, and when it ends: a router may start a moment later than its control plane.
    if (found === undefined ? before < persistent : before + 1 !== persistent) return;
    log(
      JSON.stringify({
        level: found === undefined ? "info" : "warn",
        event: "hub_news",
        router,
        mesh,
        fault: found ?? null,
      }),
    );
  }

  return {
    async tell(mesh, head, fresh) {
      const body = JSON.stringify({ head, fresh });
      await Promise.all(routers.map((router) => tellRouter(router, mesh, body)));
    },
  };
}

/** The publisher, telling the hubs of what it published. Nobody waits for them to hear it. */
export const announcing = (publisher: Publisher, anchor: Anchor, news: HubNews): Publisher => ({
  ...publisher,
  async publish(mesh, before, sign, blobs) {
    const done = await publisher.publish(mesh, before, sign, blobs);
    if (done.ok) void news.tell(mesh, done.value.head, null);
    return done;
  },
  async renew(mesh, renewal) {
    const done = await publisher.renew(mesh, renewal);
    const newest = await anchor.newest(mesh);
    if (done.ok && newest !== undefined) void news.tell(mesh, newest.head, renewal);
    return done;
  },
});
