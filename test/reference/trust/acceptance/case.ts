/** One vector of test/vectors/acceptance: what a store shows a router, and what the router makes of it. */
import { refusalSteps, type RefusalCode } from "../../../../shared/acceptance/refusal.ts";
import { encodeHead, parseHead, type Head } from "../../../../shared/store/head.ts";
import type { MeshPins } from "../../../../shared/trust/deployment-policy.ts";
import { encodeSignedNote, parseSignedNote, type NoteSignature } from "../../../../shared/trust/signed-note.ts";
import { productionLog, stagingLog } from "../logs.ts";
import type { Release } from "../log.ts";
import { renewal } from "../trust-vectors.ts";
import { production, staging, type World } from "../world.ts";

/** A value too large to be written out. */
export interface Repeated {
  readonly repeat: string;
  readonly times: number;
}
export type Stored = string | Repeated | null;

export interface StoreVector {
  readonly leaves?: readonly string[];
  readonly statements?: readonly string[];
  /** By digest. */
  readonly policies?: Readonly<Record<string, Stored>>;
  /** By digest. */
  readonly snapshots?: Readonly<Record<string, Stored>>;
}

export interface Case {
  readonly description: string;
  /** `production` where absent. */
  readonly world?: World;
  /** What the deployment pins otherwise. */
  readonly pins?: Partial<MeshPins>;
  /** The release of the honest log that the router already has. */
  readonly memory?: number;
  /** The log in the store; the honest one where absent. */
  readonly log?: readonly Release[];
  /** The release that the head shows; the newest of the log where absent. */
  readonly release?: Release;
  readonly head?: Stored;
  readonly fresh?: Stored;
  readonly store?: StoreVector;
  /** Unix seconds; 90 s after the release where absent. */
  readonly now?: number;
  readonly expect: "accepted" | RefusalCode;
  /** The release stands, but its freshness beside it doesn't. */
  readonly fault?: RefusalCode;
  /** What recomputing the tree, in the background, says of a release that was accepted. */
  readonly tree?: RefusalCode;
}

export type Cases = Readonly<Record<string, Case>>;

export function vectorOf(made: Case) {
  const world = made.world ?? production;
  const honest = world.mesh === staging.mesh ? stagingLog : productionLog;
  const log = made.log ?? honest;
  const release = made.release ?? log.at(-1)!;
  const { expect } = made;
  const store = { ...storeOf(world, log, honest), ...made.store };
  return {
    description: made.description,
    log: honest === stagingLog ? "staging" : "production",
    ...(made.pins === undefined ? {} : { pins: made.pins }),
    ...(made.memory === undefined ? {} : { memory: made.memory }),
    candidate: {
      head: made.head === undefined ? release.head : made.head,
      fresh: made.fresh === undefined ? renewal(world, release, release.content.time + 60) : made.fresh,
    },
    ...(Object.keys(store).length === 0 ? {} : { store }),
    now: made.now ?? release.content.time + 90,
    expect: expect === "accepted" ? expect : { step: refusalSteps[expect], code: expect },
    ...(made.fault === undefined ? {} : { fault: made.fault }),
    ...(made.tree === undefined ? {} : { tree: made.tree }),
  };
}

/** What of the store is not the honest one's. */
function storeOf(world: World, log: readonly Release[], honest: readonly Release[]): StoreVector {
  if (log === honest) return {};
  const known = new Set(honest.map(({ revision }) => revision.lock.snapshotDigest));
  const added = log.map(({ revision }) => revision).filter(({ lock }) => !known.has(lock.snapshotDigest));
  const isPrefix = log.length <= honest.length && log.every((release, i) => release === honest[i]);
  const pinned = [production, staging].some(({ policyDigest }) => policyDigest === world.policyDigest);
  return {
    ...(isPrefix ? {} : { leaves: log.map(({ leaf }) => leaf), statements: log.map(({ statement }) => statement) }),
    ...(pinned ? {} : { policies: { [world.policyDigest]: world.policyText } }),
    ...(added.length === 0
      ? {}
      : { snapshots: Object.fromEntries(added.map(({ lock, snapshot }) => [lock.snapshotDigest, snapshot])) }),
  };
}

export function headOf({ head }: Release): Head {
  const parsed = parseHead(head);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export const withHead = (release: Release, change: Partial<Head>): string =>
  encodeHead({ ...headOf(release), ...change });

/** The head with other lines under its checkpoint. */
export function withSignatures(
  release: Release,
  change: (signatures: readonly NoteSignature[], text: string) => readonly NoteSignature[],
): string {
  const note = parseSignedNote(headOf(release).checkpoint);
  if (!note.ok) throw new Error(note.error);
  const { text, signatures } = note.value;
  return withHead(release, { checkpoint: encodeSignedNote({ text, signatures: change(signatures, text) }) });
}
