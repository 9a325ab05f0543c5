/** A router's side of the vectors: pins, a store that answers with what they hold, and what it remembers. */
import { accept, type Candidate } from "../../../shared/acceptance/accept.ts";
import type { StoreReads, VerifiedRelease } from "../../../shared/acceptance/verified-release.ts";
import { parseDeploymentPolicy, type MeshPins } from "../../../shared/trust/deployment-policy.ts";
import type { AcceptanceVector, Stored } from "../../vectors/acceptance/load.ts";
import { deployment, production, staging, type LogVector } from "../../vectors/trust/load.ts";

const parsed = parseDeploymentPolicy(deployment);
if (!parsed.ok) throw new Error(parsed.error);
const { meshes } = parsed.value;

export function pinsOf(log: LogVector, change: Partial<MeshPins> = {}): MeshPins {
  const pins = meshes.find(({ mesh }) => mesh === log.mesh);
  if (pins === undefined) throw new Error(`${log.mesh} is not deployed`);
  return { ...pins, ...change };
}

export const textOf = (stored: Stored): string | null =>
  stored === null || typeof stored === "string" ? stored : stored.repeat.repeat(stored.times);

export function storeOf(log: LogVector, change: AcceptanceVector["store"] = {}): StoreReads {
  const leaves = change.leaves ?? log.releases.map(({ leaf }) => leaf);
  const statements = change.statements ?? log.releases.map(({ statement }) => statement);
  const policies: Readonly<Record<string, Stored>> = { [log.policyDigest]: log.policy, ...change.policies };
  const known = Object.fromEntries(log.revisions.map(({ snapshotDigest, snapshot }) => [snapshotDigest, snapshot]));
  const snapshots: Readonly<Record<string, Stored>> = { ...known, ...change.snapshots };
  return {
    leaves: async (from, to) => leaves.slice(from, to),
    statements: async (from, to) => statements.slice(from, to),
    policy: async (digest) => textOf(policies[digest] ?? null),
    snapshot: async (digest) => textOf(snapshots[digest] ?? null),
  };
}

export const candidateOf = (log: LogVector, release: number): Candidate => {
  const { head, fresh } = log.releases[release]!;
  return { head, fresh };
};

/** The honest release, as a router without memory accepts it. */
export async function remembered(log: LogVector, release: number): Promise<VerifiedRelease> {
  const { renewedAt } = log.releases[release]!;
  const accepted = await accept(candidateOf(log, release), undefined, pinsOf(log), storeOf(log), renewedAt + 1);
  if (!accepted.ok) throw new Error(`${accepted.error.code}: ${accepted.error.message}`);
  return accepted.value.release;
}

export async function acceptVector(vector: AcceptanceVector) {
  const log = vector.log === "production" ? production : staging;
  const { head, fresh } = vector.candidate;
  const memory = vector.memory === undefined ? undefined : await remembered(log, vector.memory);
  const candidate = { head: textOf(head), fresh: textOf(fresh) };
  return accept(candidate, memory, pinsOf(log, vector.pins), storeOf(log, vector.store), vector.now);
}
