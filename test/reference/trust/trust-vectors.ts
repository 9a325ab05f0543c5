/** The files of test/vectors/trust: every signed or digested text of two logs, byte for byte. */
import { toHex } from "../../../shared/encoding/bytes.ts";
import { approvalText } from "../../../shared/trust/approval.ts";

import { encodeRenewal, renewalOf } from "../../../shared/trust/freshness.ts";
import { parseSignedNote } from "../../../shared/trust/signed-note.ts";
import { parseHead } from "../../../shared/store/head.ts";
import { alice, ben, ci, mallory, witnesses, type NamedKey } from "./keys.ts";
import { type Release, type Revision } from "./log.ts";
import { productionLog, stagingLog } from "./logs.ts";
import { deployment, production, staging, type World } from "./world.ts";

export type Files = ReadonlyMap<string, unknown>;

export function trustVectors(): Files {
  const keys = [production, staging].flatMap(({ log, freshness }) => [log, freshness]);
  return new Map<string, unknown>([
    ["trust/keys.json", [...keys, alice, ben, ci, mallory, ...witnesses].map(keyVector)],
    ["trust/deployment.json", deployment],
    ["trust/production.json", logVector(production, productionLog)],
    ["trust/staging.json", logVector(staging, stagingLog)],
  ]);
}

const keyVector = ({ vkey, privateText, vkeyText }: NamedKey) => ({
  name: vkey.name,
  type: vkey.type,
  keyId: toHex(vkey.keyId),
  publicKey: toHex(vkey.publicKey),
  vkey: vkeyText,
  privateKey: privateText,
});

function logVector(world: World, log: readonly Release[]) {
  const revisions = new Set(log.map(({ revision }) => revision));
  return {
    mesh: world.mesh,
    origin: world.origin,
    policy: world.policyText,
    policyDigest: world.policyDigest,
    revisions: Array.from(revisions, revisionVector),
    releases: log.map((release) => releaseVector(world, release)),
  };
}

const revisionVector = ({ lock, snapshot }: Revision) => ({
  revision: lock.revision,
  parent: lock.parent,
  configRoot: lock.configRoot,
  configSize: lock.configSize,
  snapshotDigest: lock.snapshotDigest,
  snapshot,
});

function releaseVector(world: World, release: Release) {
  const { content, overlay, detail, statement, leaf, head } = release;
  const { note, text } = checkpointOf(release);
  return {
    release: content.release,
    revision: content.revision,
    approval: approvalText(content, content.approvals.notAfter),
    approvals: content.approvals,
    overlay,
    overlayDigest: content.overlayDigest,
    detail,
    detailDigest: content.detailDigest,
    statement,
    leaf,
    checkpoint: text,
    note,
    head,
    freshAt: content.time,
    renewedAt: content.time + 60,
    fresh: renewal(world, release, content.time + 60),
  };
}

export function checkpointOf({ head }: Release): { readonly note: string; readonly text: string } {
  const parsed = parseHead(head);
  const note = parsed.ok ? parseSignedNote(parsed.value.checkpoint) : parsed;
  if (!parsed.ok || !note.ok) throw new Error("a head that was just made can't be read");
  return { note: parsed.value.checkpoint, text: note.value.text };
}

/** The value `fresh` for a release. */
export function renewal({ freshness }: Pick<World, "freshness">, release: Release, time: number): string {
  const { text } = checkpointOf(release);
  return encodeRenewal(renewalOf(text, freshness.cosign(text, time)));
}
