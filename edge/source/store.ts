/** The router's side of Redis: exact bytes, no retries, no promise that two requests share. */
import { Redis } from "@upstash/redis/cloudflare";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Candidate } from "../../shared/acceptance/accept.ts";
import type { StoreReads } from "../../shared/acceptance/verified-release.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import type { Env } from "../env.ts";

/** What the config source reads. Each may throw where the store can't be reached. */
export interface Store extends StoreReads {
  readonly candidate: () => Promise<Candidate>;
}

const timeoutMs = 5_000;

/** `undefined` where the secrets are not set. */
export function connect(env: Env): Redis | undefined {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (!url || !token) return undefined;
  return new Redis({
    url,
    token,
    // Parsed values would lose the exact bytes that are signed.
    automaticDeserialization: false,
    // A pipeline would await one request's promise in another's context, which Workers forbid.
    enableAutoPipelining: false,
    enableTelemetry: false,
    readYourWrites: false,
    retry: false,
    signal: () => AbortSignal.timeout(timeoutMs),
  });
}

export function storeOf(redis: Redis, mesh: MeshId): Store {
  const keys = publicKeys(mesh);
  return {
    async candidate() {
      const [head, fresh] = await redis.mget<[string | null, string | null]>(keys.head, keys.fresh);
      return { head, fresh };
    },
    leaves: (from, to) => redis.lrange(keys.leaves, from, to - 1),
    statements: (from, to) => redis.lrange(keys.statements, from, to - 1),
    policy: (digest) => redis.get(keys.policy(digest)),
    snapshot: (digest) => redis.get(keys.snapshot(digest)),
  };
}
