/** The logs of test/vectors/trust as an auditor meets them. */
import { encodeEntryProof, type EntryProof } from "../../../shared/audit/entry-proof.ts";
import type { LogSource } from "../../../shared/audit/log-source.ts";
import { isEntryKey } from "../../../shared/document/entry.ts";
import { base64Bytes, toBase64 } from "../../../shared/encoding/bytes.ts";
import { inclusionProof } from "../../../shared/merkle/proof.ts";
import { treeOf } from "../../../shared/merkle/tree.ts";
import { parseSnapshot } from "../../../shared/store/snapshot.ts";
import { parseDeploymentPolicy, type MeshPins } from "../../../shared/trust/deployment-policy.ts";
import { parseMeshPolicy, type MeshPolicy } from "../../../shared/trust/mesh-policy.ts";
import { deployment, type LogVector } from "../../vectors/trust/load.ts";

export function policyIn({ policy }: LogVector): MeshPolicy {
  const parsed = parseMeshPolicy(policy);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export function pinsOf({ mesh }: LogVector): MeshPins {
  const parsed = parseDeploymentPolicy(deployment);
  const pins = parsed.ok ? parsed.value.meshes.find((candidate) => candidate.mesh === mesh) : undefined;
  if (pins === undefined) throw new Error(`${mesh} is not pinned`);
  return pins;
}

export function snapshotOf({ releases, revisions }: LogVector, release: number): string | null {
  const { revision } = releases[release] ?? {};
  return revisions.find((candidate) => candidate.revision === revision)?.snapshot ?? null;
}

/** @param size of the log that is shown */
export function sourceOf(log: LogVector, size: number = log.releases.length): LogSource & Required<LogSource> {
  const shown = log.releases.slice(0, size);
  return {
    checkpoint: async () => shown.at(-1)?.note ?? "",
    statements: async (from, to) => shown.slice(from, to).map(({ statement }) => statement),
    leaves: async (from, to) => shown.slice(from, to).map(({ leaf }) => base64Bytes(leaf)),
    policy: async (number) => (number === 1 ? log.policy : null),
    content: {
      besides: async (from, to) => shown.slice(from, to).map(({ overlay, detail }) => ({ overlay, detail })),
      snapshot: async (release) => snapshotOf(log, release),
    },
  };
}

/** @param size of the log that it is proven in */
export function proofOf(log: LogVector, key: string, release: number, size: number = log.releases.length): EntryProof {
  const snapshot = parseSnapshot(snapshotOf(log, release) ?? "");
  if (!snapshot.ok || !isEntryKey(key)) throw new Error(`no snapshot of release ${release}`);
  const { slots } = snapshot.value;
  const slot = slots.findIndex((candidate) => candidate.key === key);
  const { value, rev, salt } = slots[slot]!;
  const config = treeOf(slots.map(({ leaf }) => base64Bytes(leaf)));
  const tree = treeOf(log.releases.slice(0, size).map(({ leaf }) => base64Bytes(leaf)));
  return {
    type: "flagmesh/entry-proof/v1",
    entry: { key, value, rev, salt, slot, path: inclusionProof(config, slot).map(toBase64) },
    statement: log.releases[release]!.statement,
    logPath: inclusionProof(tree, release).map(toBase64),
    checkpoint: log.releases[size - 1]!.note,
    policies: [log.policy],
  };
}

export const proofTextOf = (...args: Parameters<typeof proofOf>): string => encodeEntryProof(proofOf(...args));
