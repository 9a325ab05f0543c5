/** What the platform hands to the router: bindings, variables and secrets of wrangler.toml. */
import type { HubNamespace } from "./source/hub-link.ts";

export interface Env {
  readonly UPSTASH_REDIS_REST_URL?: string;
  /** Read-only, limited to `flagmesh:*:pub:*`. */
  readonly UPSTASH_REDIS_REST_TOKEN?: string;
  /** Milliseconds between two looks at the head under traffic. */
  readonly FLAGMESH_POLL_MS?: string;
  /** Durable Objects, one a mesh. Without it isolates poll. */
  readonly HUB?: HubNamespace;
  /** Service and container bindings, by the names that backends give. */
  readonly [binding: string]: unknown;
}
