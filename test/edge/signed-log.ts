/** A mesh's release log as a control plane would sign it, with WebCrypto, so that tests in workerd have what is worth verifying. */
import type { Entries } from "../../shared/document/entry.ts";
import { base64Bytes, concat, toBase64, utf8, type Bytes } from "../../shared/encoding/bytes.ts";
import { digestOf, type Digest } from "../../shared/encoding/digest.ts";
import type { Json } from "../../shared/encoding/json.ts";
import { configLeafHash } from "../../shared/merkle/config-leaf.ts";
import { emptyFrontier, extendFrontier, frontierRoot } from "../../shared/merkle/frontier.ts";
import { emptyRoot, leafHash } from "../../shared/merkle/hash.ts";
import { encodeHead } from "../../shared/store/head.ts";
import { encodeSnapshot, type Slot } from "../../shared/store/snapshot.ts";
import { noApprovals } from "../../shared/trust/approval.ts";
import { encodeCheckpoint } from "../../shared/trust/checkpoint.ts";
import { parseDeploymentPolicy, type MeshPins } from "../../shared/trust/deployment-policy.ts";
import { detailDigest } from "../../shared/trust/detail.ts";
import { cosignature, cosignedMessage, encodeRenewal, renewalOf } from "../../shared/trust/freshness.ts";
import { overlayDigest, type Overlay } from "../../shared/trust/overlay.ts";
import { encodeSignedNote, type NoteSignature } from "../../shared/trust/signed-note.ts";
import { encodeStatement, type Statement } from "../../shared/trust/statement.ts";
import deploymentJson from "../vectors/trust/deployment.json" with { type: "json" };
import keysJson from "../vectors/trust/keys.json" with { type: "json" };
import stagingJson from "../vectors/trust/staging.json" with { type: "json" };

/** The vectors' mesh that no one has to approve. */
const mesh = "acme/staging";
export const host = "shop.staging.example.com";

export const pinsWith = (change: Partial<MeshPins> = {}): MeshPins => {
  const deployment = parseDeploymentPolicy(deploymentJson);
  const pins = deployment.ok ? deployment.value.meshes.find((pins) => pins.mesh === mesh) : undefined;
  if (pins === undefined) throw new Error("the vectors have no such mesh");
  return { ...pins, ...change };
};

export interface Published {
  readonly head: string;
  readonly statement: Statement;
  readonly checkpointText: string;
}

export interface Change {
  /** A new revision; otherwise the release repeats the one before. */
  readonly entries?: Entries;
  readonly overlay?: Overlay;
  /** Unix seconds. */
  readonly time: number;
  /** What the statement says otherwise. */
  readonly statement?: Partial<Statement>;
}

export interface SignedLog {
  readonly policy: string;
  readonly leaves: string[];
  readonly statements: string[];
  readonly snapshots: Map<Digest, string>;
  readonly publish: (change: Change) => Promise<Published>;
  /** The log as it is now, to be continued in two ways. */
  readonly fork: () => SignedLog;
}

interface State {
  readonly leaves: readonly string[];
  readonly statements: readonly string[];
  readonly snapshots: ReadonlyMap<Digest, string>;
  readonly newest: Statement | undefined;
}

export function openLog(
  from: State = { leaves: [], statements: [], snapshots: new Map(), newest: undefined },
): SignedLog {
  const leaves = [...from.leaves];
  const statements = [...from.statements];
  const snapshots = new Map(from.snapshots);
  let newest = from.newest;
  return {
    policy: stagingJson.policy,
    leaves,
    statements,
    snapshots,
    fork: () => openLog({ leaves, statements, snapshots, newest }),
    async publish({ entries, overlay = {}, time, statement: otherwise }) {
      const content = entries === undefined ? undefined : contentOf(entries, (newest?.revision ?? 0) + 1);
      if (content !== undefined) snapshots.set(content.snapshotDigest, content.snapshotText);
      const { snapshotDigest, configRoot, configSize, revision, parent } = content ?? newest!;
      const statement: Statement = {
        type: "flagmesh/release/v1",
        origin,
        release: leaves.length,
        revision,
        parent: parent ?? newest?.configRoot ?? toBase64(emptyRoot()),
        configRoot,
        configSize,
        snapshotDigest,
        lockDigest: digestOf("lock"),
        overlayDigest: overlayDigest(overlay),
        detailDigest: detailDigest(detail),
        approvals: noApprovals,
        policy: { number: 1, digest: stagingJson.policyDigest as Digest },
        time,
        ...otherwise,
      };
      let frontier = emptyFrontier;
      for (const leaf of leaves) frontier = extendFrontier(frontier, base64Bytes(leaf));
      const text = encodeStatement(statement);
      const leaf = leafHash(utf8(text));
      const root = frontierRoot(extendFrontier(frontier, leaf));
      const checkpoint = encodeCheckpoint({ origin, size: leaves.length + 1, root });
      const signatures = [await signed(origin, (sign) => sign(utf8(checkpoint))), await cosigned(checkpoint, time)];
      const head = encodeHead({
        checkpoint: encodeSignedNote({ text: checkpoint, signatures }),
        statement: text,
        proof: frontier.hashes.toReversed().map(toBase64),
        overlay,
        detail,
      });
      leaves.push(toBase64(leaf));
      statements.push(text);
      newest = statement;
      return { head, statement, checkpointText: checkpoint };
    },
  };
}

/** The Redis value `fresh`. @param time unix seconds */
export const renew = async ({ checkpointText }: Published, time: number): Promise<string> =>
  encodeRenewal(renewalOf(checkpointText, await cosigned(checkpointText, time)));

const { origin } = stagingJson;
const detail = { actor: "alice@example.com", message: "" };

function contentOf(entries: Entries, revision: number) {
  const slots: Slot[] = Array.from(entries, ([key, value]) => {
    const salt = leafHash(utf8(`salt ${revision} ${key}`));
    return {
      key,
      rev: revision,
      salt: toBase64(salt),
      leaf: toBase64(configLeafHash(key, salt, value as Json)),
      value: value as Json,
    };
  });
  let tree = emptyFrontier;
  for (const { leaf } of slots) tree = extendFrontier(tree, base64Bytes(leaf));
  const snapshotText = encodeSnapshot({ origin, slots });
  return {
    revision,
    parent: undefined,
    configRoot: toBase64(frontierRoot(tree)),
    configSize: slots.length,
    snapshotText,
    snapshotDigest: digestOf(snapshotText),
  };
}

const pkcs8Prefix = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** `PRIVATE+KEY+name+<hex key ID>+base64(type ‖ seed)`; base64 has plus signs too. */
const privateForm = /^PRIVATE\+KEY\+[^+]+\+([0-9a-f]{8})\+(.+)$/;

async function signed(
  name: string,
  use: (sign: (message: Bytes) => Promise<Bytes>) => Promise<Bytes>,
): Promise<NoteSignature> {
  const [, keyId = "", material = ""] =
    privateForm.exec(keysJson.find((key) => key.name === name)?.privateKey ?? "") ?? [];
  const pkcs8 = concat(pkcs8Prefix, base64Bytes(material).slice(1));
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const signature = await use(async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)));
  return { name, keyId: Uint8Array.from(keyId.match(/../g) ?? [], (byte) => parseInt(byte, 16)), signature };
}

const cosigned = (checkpoint: string, time: number): Promise<NoteSignature> =>
  signed(`${origin}/freshness`, async (sign) => cosignature(time, await sign(cosignedMessage(checkpoint, time))));
