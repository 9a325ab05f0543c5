/**
 * What was last believed, kept in the data centre's cache for an isolate that starts while Redis is away. It is as hostile
 * as Redis: whoever reads it verifies it in full.
 */
import type { VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import { policyReader } from "./policy-texts.ts";
import type { Store } from "./store.ts";

export interface ColdCopy {
  /** `undefined` where the cache has none. */
  readonly read: () => Promise<Store | undefined>;
  readonly write: (release: VerifiedRelease, fresh: string | null) => Promise<void>;
}

interface Copy {
  readonly head: string;
  readonly fresh: string | null;
  readonly policies: readonly string[];
  readonly snapshot: string;
}

const keepSeconds = 86_400;

/** @param cache where it is kept. Its keys are URLs; `.invalid` makes sure that none is ever fetched. */
export function createColdCopy(cache: Pick<Cache, "match" | "put">, origin: string): ColdCopy {
  const key = `https://cold-copy.flagmesh.invalid/${origin}`;
  return {
    async read() {
      const response = await cache.match(key);
      if (response === undefined) return undefined;
      const { head, fresh, policies, snapshot } = await response.json<Copy>();
      return {
        candidate: async () => ({ head, fresh }),
        leaves: async () => [],
        statements: async () => [],
        policy: policyReader(policies),
        snapshot: async () => snapshot,
      };
    },
    async write({ head, policies, snapshotText }, fresh) {
      const copy: Copy = { head, fresh, policies: policies.map(({ text }) => text), snapshot: snapshotText };
      const headers = { "cache-control": `max-age=${keepSeconds}`, "content-type": "application/json" };
      await cache.put(key, Response.json(copy, { headers }));
    },
  };
}
