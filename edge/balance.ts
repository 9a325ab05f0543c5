/**
 * Weighted rendezvous hashing: each identity ranks a backend's endpoints on its own, so it stays with one of them, and
 * the removal of an endpoint moves only those who were there. The ranking is also the order of retries.
 */
import { murmur3 } from "../shared/flags/murmur3.ts";
import type { Endpoint } from "../shared/document/entry.ts";

/** @param identity absent where the request has none: then it is as good as somebody new */
export type Rank = (identity: string | undefined) => readonly Endpoint[];

/** @param mint gives a new identity */
export function createRank(endpoints: readonly Endpoint[], mint: () => string): Rank {
  if (endpoints.length <= 1) return () => endpoints;
  return (known) => {
    const identity = known ?? mint();
    return endpoints
      .map((endpoint) => ({ endpoint, score: scoreOf(endpoint, identity) }))
      .sort((a, b) => b.score - a.score)
      .map(({ endpoint }) => endpoint);
  };
}

/** Weight / -ln(u), u uniform in (0, 1): endpoint i comes first with probability weight i / sum of weights. */
const scoreOf = ({ url, weight }: Endpoint, identity: string): number =>
  weight / -Math.log((murmur3(`${url}\n${identity}`) + 0.5) / 2 ** 32);
