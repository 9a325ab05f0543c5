/** Step 4: where it stands in the log. */
import { toBase64 } from "../../../../shared/encoding/bytes.ts";
import { limits } from "../../../../shared/limits.ts";
import { leafHash } from "../../../../shared/merkle/hash.ts";
import { append, type Release } from "../log.ts";
import { productionLog } from "../logs.ts";
import { production } from "../world.ts";
import { headOf, withHead, withSignatures, type Cases } from "./case.ts";
import { sealed } from "./sealed.ts";

const [first, second, third] = productionLog as [Release, Release, Release];
const last = productionLog.at(-1)!;
const next = append(production, last, { detail: { actor: "ben@example.com", message: "next" } });

/** Another history from the second release on, signed by the log's own key. */
const kill = { overlay: { "new-search": { kill: true } } } as const;
const forkedAt = (length: number): readonly Release[] => {
  const log = [first, append(production, first, kill)];
  while (log.length < length) log.push(append(production, log.at(-1), {}));
  return log;
};
const fork = forkedAt(productionLog.length);
const longFork = forkedAt(productionLog.length + 2);

const leaves = productionLog.map(({ leaf }) => leaf);
const swapped = leaves.with(3, leaves[4]!).with(4, leaves[3]!);

/** A log of this many releases: the hashes before the newest are made up, and its proof is right for them. */
const huge = (size: number): Release => {
  const bits = (size - 1).toString(2).replaceAll("0", "").length;
  const hashes = Array.from({ length: bits }, (_, i) => leafHash(Uint8Array.of(i)));
  const release = append(production, last, { statement: { release: size - 1 } });
  return sealed(production, undefined, release, { before: { size: size - 1, hashes } });
};
const farSize = last.size + limits.catchUpLeavesMax + 2;

const proof = headOf(last).proof;

export const logCases: Cases = {
  "release-of-another-number": {
    description: "The newest leaf says that it is release 4.",
    log: [...productionLog, append(production, last, { statement: { release: 4 } })],
    expect: "release_mismatch",
  },
  "release-of-another-number-to-a-warm-router": {
    description: "The same to a router that knows the release before.",
    memory: 5,
    log: [...productionLog, append(production, last, { statement: { release: 7 } })],
    expect: "release_mismatch",
  },
  "head-of-an-old-replica": {
    description: "The store shows a head that is two releases older than the one known.",
    memory: 5,
    release: productionLog[3]!,
    expect: "older_checkpoint",
  },
  "head-of-an-old-replica-altered": {
    description: "An older size is not even verified: it must cost nothing.",
    memory: 5,
    release: productionLog[3]!,
    head: withSignatures(productionLog[3]!, ([log]) => [log!]),
    fresh: null,
    expect: "older_checkpoint",
  },
  fork: {
    description: "The log key signed another root for the size that is known.",
    memory: 5,
    log: fork,
    expect: "fork",
  },
  "fork-without-freshness": {
    description: "A fork by somebody who has the log key only is still shown as one.",
    memory: 5,
    log: fork,
    head: withSignatures(fork.at(-1)!, (lines) => lines.slice(0, 1)),
    fresh: null,
    expect: "fork",
  },
  "fork-that-grew": {
    description: "Another history, two releases longer than the one known.",
    memory: 5,
    log: longFork,
    expect: "frontier_mismatch",
  },
  "fork-that-grew-with-the-known-leaves": {
    description: "Another history, the store's leaves being those that are known.",
    memory: 4,
    log: longFork,
    store: { leaves: [...leaves, longFork[6]!.leaf] },
    expect: "frontier_mismatch",
  },
  "below-the-floor": {
    description: "The deployment pins a log of at least 4 releases.",
    pins: { floor: { size: 4, root: productionLog[3]!.root } },
    release: third,
    expect: "below_floor",
  },
  "other-root-at-the-floor": {
    description: "At the pinned size the log has another root than the pinned one.",
    pins: { floor: { size: 6, root: second.root } },
    expect: "below_floor",
  },
  "at-the-floor": {
    description: "At the pinned size the log has the pinned root.",
    pins: { floor: { size: 6, root: last.root } },
    expect: "accepted",
  },
  "log-too-far-ahead": {
    description: "A log that says it grew by more releases than a router reads.",
    memory: 5,
    log: [...productionLog, huge(farSize)],
    expect: "log_too_far_ahead",
  },
  "log-of-all-the-releases-that-there-can-be": {
    description: "A log of 2^53 - 1 releases: nothing of it is read.",
    memory: 5,
    log: [...productionLog, huge(Number.MAX_SAFE_INTEGER)],
    expect: "log_too_far_ahead",
  },
  "leaves-missing": {
    description: "The store has no list of leaves.",
    memory: 1,
    store: { leaves: [] },
    expect: "leaves_missing",
  },
  "leaves-cut-short": {
    description: "The list of leaves ends before the release that the head shows.",
    memory: 1,
    store: { leaves: leaves.slice(0, 4) },
    expect: "leaves_missing",
  },
  "leaves-in-another-order": {
    description: "Two leaves are exchanged.",
    memory: 1,
    store: { leaves: swapped },
    expect: "frontier_mismatch",
  },
  "leaf-altered": {
    description: "One leaf is another hash.",
    memory: 1,
    store: { leaves: leaves.with(3, toBase64(leafHash(new Uint8Array(0)))) },
    expect: "frontier_mismatch",
  },
  "leaf-of-31-bytes": {
    description: "One leaf is a byte short.",
    memory: 1,
    store: { leaves: leaves.with(3, toBase64(new Uint8Array(31))) },
    expect: "frontier_mismatch",
  },
  "leaf-that-is-no-hash": {
    description: "One leaf is no base64.",
    memory: 1,
    store: { leaves: leaves.with(3, "leaf") },
    expect: "frontier_mismatch",
  },
  "statement-of-the-release-before": {
    description: "The head shows the newest checkpoint with the statement of the release before it.",
    head: withHead(last, { statement: productionLog[4]!.statement }),
    expect: "release_mismatch",
  },
  "statement-made-up": {
    description: "The head shows the newest checkpoint with a statement that the log doesn't hold.",
    head: withHead(last, { statement: append(production, productionLog[4], kill).statement }),
    expect: "inclusion_invalid",
  },
  "proof-empty": {
    description: "The head has no proof.",
    head: withHead(last, { proof: [] }),
    expect: "inclusion_invalid",
  },
  "proof-cut-short": {
    description: "The proof lacks its last hash.",
    head: withHead(last, { proof: proof.slice(0, -1) }),
    expect: "inclusion_invalid",
  },
  "proof-with-one-hash-more": {
    description: "The proof goes on behind the root.",
    head: withHead(last, { proof: [...proof, proof[0]!] }),
    expect: "inclusion_invalid",
  },
  "proof-in-another-order": {
    description: "The proof is reversed.",
    head: withHead(last, { proof: proof.toReversed() }),
    expect: "inclusion_invalid",
  },
  "proof-empty-to-a-warm-router": {
    description: "A router that knows the log asks for the proof too: it keeps the head, and hands it on.",
    memory: 4,
    head: withHead(last, { proof: [] }),
    expect: "inclusion_invalid",
  },
  "one-release-later": {
    description: "The next release.",
    memory: 5,
    log: [...productionLog, next],
    expect: "accepted",
  },
};
