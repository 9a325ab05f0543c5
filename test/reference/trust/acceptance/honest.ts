/** What nobody tampered with. */
import { productionLog, stagingLog } from "../logs.ts";
import { renewal } from "../trust-vectors.ts";
import { production, staging } from "../world.ts";
import type { Cases } from "./case.ts";

const last = productionLog.at(-1)!;

export const honestCases: Cases = {
  "first-release-to-a-cold-router": {
    description: "The log's first release.",
    release: productionLog[0]!,
    log: productionLog.slice(0, 1),
    expect: "accepted",
  },
  "newest-release-to-a-cold-router": { description: "The newest of six releases.", expect: "accepted" },
  "newest-release-with-no-renewal": {
    description: "The note's own cosignature is fresh enough.",
    fresh: null,
    expect: "accepted",
  },
  "all-releases-to-a-warm-router": {
    description: "Five releases and two revisions later.",
    memory: 0,
    expect: "accepted",
  },
  "kill-to-a-warm-router": {
    description: "One release later.",
    memory: 0,
    release: productionLog[1]!,
    expect: "accepted",
  },
  "known-head-renewed": {
    description: "The head that is known, and a newer renewal.",
    memory: 5,
    fresh: renewal(production, last, last.content.time + 500),
    now: last.content.time + 510,
    expect: "accepted",
  },
  "release-of-a-mesh-that-nobody-approves": {
    description: "Staging's control plane is trusted.",
    world: staging,
    release: stagingLog.at(-1)!,
    expect: "accepted",
  },
};
