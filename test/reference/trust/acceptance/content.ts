/** Step 7: the content. Staging's control plane is trusted with it, so it can sign what no lock gives. */
import type { Entries, Entry } from "../../../../shared/document/entry.ts";
import { toBase64 } from "../../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../../shared/encoding/digest.ts";
import { limits } from "../../../../shared/limits.ts";
import { leafHash } from "../../../../shared/merkle/hash.ts";
import { changed, entriesWith } from "../documents.ts";
import { append, revise, type Release, type Revision } from "../log.ts";
import { productionLog, stagingLog } from "../logs.ts";
import { staging } from "../world.ts";
import type { Cases } from "./case.ts";

const last = productionLog.at(-1)!;
const { snapshotDigest } = last.revision.lock;
const stagingLast = stagingLog.at(-1)!;
const host = "shop.staging.example.com";
const good = revise(staging, stagingLast.revision, entriesWith(20_000, host), []);
const otherRoot = toBase64(leafHash(new Uint8Array(0)));

const then = (revision: Revision): readonly Release[] => [...stagingLog, append(staging, stagingLast, { revision })];
const cold = (revision: Revision) => ({ world: staging, log: then(revision) });
/** A snapshot of which the control plane signed the digest. */
const signed = (snapshot: string, change: Partial<Revision["lock"]> = {}) =>
  cold({ ...good, snapshot, lock: { ...good.lock, snapshotDigest: digestOf(snapshot), ...change } });
const holding = (entries: Entries) => cold(revise(staging, stagingLast.revision, entries, []));
const with_ = (key: Parameters<Entries["get"]>[0], value: unknown) =>
  holding(changed(entriesWith(20_000, host), { [key]: value as Entry }));

export const contentCases: Cases = {
  "snapshot-missing": {
    description: "The snapshot isn't there, or not yet.",
    store: { snapshots: { [snapshotDigest]: null } },
    expect: "snapshot_missing",
  },
  "snapshot-too-large": {
    description: "What is stored as the snapshot is larger than one may be.",
    store: { snapshots: { [snapshotDigest]: { repeat: " ", times: limits.snapshotBytesMax + 1 } } },
    expect: "snapshot_too_large",
  },
  "snapshot-altered": {
    description: "The stored snapshot gives everybody the new checkout.",
    store: { snapshots: { [snapshotDigest]: last.revision.snapshot.replace('["on",50000]', '["on",100000]') } },
    expect: "snapshot_digest_mismatch",
  },
  "snapshot-of-the-revision-before": {
    description: "The snapshot of revision 2 is stored as that of revision 3.",
    store: { snapshots: { [snapshotDigest]: productionLog[3]!.revision.snapshot } },
    expect: "snapshot_digest_mismatch",
  },
  "snapshot-with-white-space": {
    description: "The snapshot has the same content in other bytes.",
    store: { snapshots: { [snapshotDigest]: last.revision.snapshot.replace(",", ", ") } },
    expect: "snapshot_digest_mismatch",
  },
  "snapshot-empty": {
    description: "The stored snapshot is empty.",
    store: { snapshots: { [snapshotDigest]: "" } },
    expect: "snapshot_digest_mismatch",
  },
  "snapshot-that-is-no-snapshot": {
    description: "The control plane signed the digest of something else.",
    ...signed("[]"),
    expect: "snapshot_malformed",
  },
  "snapshot-with-a-key-twice": {
    description: "The control plane signed a snapshot in which a flag stands twice.",
    ...signed(good.snapshot.replace('"flag:new-search"', '"flag:new-checkout"')),
    expect: "snapshot_malformed",
  },
  "snapshot-of-another-mesh": {
    description: "The control plane signed production's snapshot for staging.",
    ...signed(last.revision.snapshot),
    expect: "snapshot_origin_mismatch",
  },
  "snapshot-of-another-size": {
    description: "The statement says that there is one slot more.",
    ...signed(good.snapshot, { configSize: good.lock.configSize + 1 }),
    expect: "config_size_mismatch",
  },
  "snapshot-with-two-roots": {
    description: "A new revision has the snapshot of the one before, and another root.",
    world: staging,
    memory: 1,
    log: then({
      ...stagingLast.revision,
      lock: {
        ...stagingLast.revision.lock,
        revision: 2,
        parent: stagingLast.revision.lock.configRoot,
        configRoot: otherRoot,
      },
    }),
    expect: "config_root_mismatch",
  },
  "snapshot-of-another-root": {
    description: "Digest and root were signed apart: the digest lets it be served until the tree is recomputed.",
    ...signed(good.snapshot, { configRoot: otherRoot }),
    expect: "accepted",
    tree: "config_root_mismatch",
  },
  "snapshot-with-a-leaf-of-another-value": {
    description: "The snapshot's digest and the root are right for it; one value isn't what its leaf says.",
    ...signed(good.snapshot.replace('["on",20000]', '["on",90000]')),
    expect: "accepted",
    tree: "config_root_mismatch",
  },
  "snapshot-with-an-infinite-share": {
    description: "A value that no leaf can be computed of.",
    ...signed(good.snapshot.replace('["on",20000]', '["on",1e400]')),
    expect: "accepted",
    tree: "config_root_mismatch",
  },
  "snapshot-with-the-next-revision": {
    description: "A revision whose tree adds up.",
    ...cold(good),
    expect: "accepted",
  },
  "route-that-is-null": {
    description: "The control plane signed a route that is nothing.",
    ...with_("route:rest", null),
    expect: "snapshot_malformed",
  },
  "route-without-a-match": {
    description: "The control plane signed a route that matches nothing that could be compared.",
    ...with_("route:rest", { backend: "checkout-v1" }),
    expect: "snapshot_malformed",
  },
  "backend-of-no-kind": {
    description: "The control plane signed a backend without endpoints or binding.",
    ...with_("backend:checkout-v1", {}),
    expect: "snapshot_malformed",
  },
  "endpoints-that-are-no-list": {
    description: "The control plane signed endpoints that can't be gone through.",
    ...with_("backend:checkout-v1", { endpoints: { url: "https://checkout-v1.example.net" } }),
    expect: "snapshot_malformed",
  },
  "endpoint-that-is-a-list": {
    description: "The control plane signed a URL that only becomes one when it is read as text.",
    ...with_("backend:checkout-v1", { endpoints: [{ url: ["https://checkout-v1.example.net"], weight: 1 }] }),
    expect: "snapshot_malformed",
  },
  "flag-that-is-a-list": {
    description: "The control plane signed a flag that is none.",
    ...with_("flag:new-search", []),
    expect: "snapshot_malformed",
  },
};
