/**
 * Auditing a whole release log: everything that an edge checks when it meets a release, for every release, and what no
 * edge can check, the log from its beginning. The first record that offends is reported, not the last.
 */
import { equalBytes, toBase64, utf8 } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { emptyFrontier, extendFrontier, frontierRoot } from "../merkle/frontier.ts";
import { leafHash, type Hash } from "../merkle/hash.ts";
import { err, ok, type Result } from "../result.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import { checkRecords, type CheckedRecords } from "./check-records.ts";
import type { LogSource } from "./log-source.ts";
import { offence, type Offence } from "./offence.ts";
import { openCheckpoint, type OpenedCheckpoint } from "./open-checkpoint.ts";
import { believedPolicies, policyOf, type Trust } from "./trust.ts";

export interface AuditOptions {
  /** Unix seconds. */
  readonly now: number;
  /** Seconds after which the newest freshness is too old. */
  readonly maxStale: number;
  /** A checkpoint that an earlier audit saw: the log may only have grown since. */
  readonly seen?: string | undefined;
  readonly onProgress?: ((releases: number, of: number) => void) | undefined;
}

export interface Audit extends CheckedRecords {
  readonly log: OpenedCheckpoint;
  /** Whether overlays and contents were checked, too. */
  readonly contentChecked: boolean;
}

/** C2SP tiles are as wide. */
const pageWidth = 256;

/** @param origin of the log that is meant */
export async function auditLog(
  source: LogSource,
  origin: string,
  trust: Trust,
  options: AuditOptions,
): Promise<Result<Audit, Offence>> {
  const believed = await believedPolicies(trust, trust.pins === undefined ? [] : await readPolicies(source));
  if (believed.length === 0) return err(offence("policy_missing", `no policy of ${origin} that you trust`));
  const shown = await openCheckpoint(await source.checkpoint(), origin, believed);
  if (!shown.ok) return shown;
  const { size } = shown.value.checkpoint;
  if (size > limits.auditedReleasesMax) {
    return err(offence("log_too_large", `${size} releases; one audit reads at most ${limits.auditedReleasesMax}`));
  }
  const marks = await marksOf(origin, believed, trust, options.seen, shown.value);
  if (!marks.ok) return marks;
  const statements = await readStatements(source, shown.value, marks.value, options.onProgress);
  if (!statements.ok) return statements;
  const records = await checkRecords(statements.value, believed, trust.pins, source.content, origin);
  if (!records.ok) return records;
  // Keys that were replaced since, or aren't in force yet, don't vouch for the newest release.
  const inForce = policyOf(records.value.newest, believed);
  const log = inForce.ok ? await openCheckpoint(shown.value.note, origin, [inForce.value]) : inForce;
  if (!log.ok) return log;
  const stale = checkFreshness(log.value, options);
  if (stale !== undefined) return err(stale);
  return ok({ ...records.value, log: log.value, contentChecked: source.content !== undefined });
}

async function readPolicies(source: LogSource): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let number = 1; number <= limits.policiesPerProofMax; number++) {
    const text = await source.policy(number);
    if (text === null) break;
    texts.push(text);
  }
  return texts;
}

/** A root that the log must have had at a size, or else this is held against it. */
interface Mark {
  readonly size: number;
  readonly root: string;
  readonly offence: Offence;
}

/** The pinned floor, and what an earlier audit saw. */
async function marksOf(
  origin: string,
  believed: readonly MeshPolicy[],
  { pins }: Trust,
  seenNote: string | undefined,
  { note, checkpoint: { size } }: OpenedCheckpoint,
): Promise<Result<readonly Mark[], Offence>> {
  const marks: Mark[] = [];
  if (pins?.floor !== undefined) {
    const message = `the log doesn't go on from the pinned floor of ${pins.floor.size} releases`;
    marks.push({ ...pins.floor, offence: offence("below_floor", message) });
  }
  if (seenNote !== undefined) {
    const seen = await openCheckpoint(seenNote, origin, believed);
    if (!seen.ok) return seen;
    const known = seen.value.checkpoint;
    if (known.size > size) {
      return err(offence("older_checkpoint", `the log has ${size} releases; ${known.size} were seen before`));
    }
    const message = `the log of ${known.size} releases that was seen before is not the beginning of this one`;
    const fork = { ...offence("fork", message), evidence: [seenNote, note] };
    marks.push({ size: known.size, root: toBase64(known.root), offence: fork });
  }
  const above = marks.find((mark) => mark.size > size);
  return above === undefined ? ok(marks) : err(above.offence);
}

/** Every statement, and that together they are the log that was signed, and was before. */
async function readStatements(
  source: LogSource,
  { checkpoint: { size, root } }: OpenedCheckpoint,
  marks: readonly Mark[],
  onProgress: AuditOptions["onProgress"],
): Promise<Result<readonly string[], Offence>> {
  const statements: string[] = [];
  const hashes: Hash[] = [];
  let frontier = emptyFrontier;
  let broken: Mark | undefined;
  while (statements.length < size) {
    const from = statements.length;
    const page = await source.statements(from, Math.min(size, from + pageWidth));
    if (page.length === 0) return err(offence("statements_missing", `the log shows no statement ${from}`, from));
    for (const statement of page.slice(0, size - from)) {
      const hash = leafHash(utf8(statement));
      statements.push(statement);
      hashes.push(hash);
      frontier = extendFrontier(frontier, hash);
      broken ??= marks.find((mark) => mark.size === frontier.size && mark.root !== toBase64(frontierRoot(frontier)));
    }
    onProgress?.(statements.length, size);
  }
  // Not what was signed: whatever else is wrong follows from that.
  if (!equalBytes(frontierRoot(frontier), root)) return err(await findAltered(source, hashes, root));
  return broken === undefined ? ok(statements) : err(broken.offence);
}

/** Which statement is not what its leaf says, if the leaves themselves are the signed ones. */
async function findAltered(source: LogSource, found: readonly Hash[], signedRoot: Hash): Promise<Offence> {
  const leaves: Hash[] = [];
  while (leaves.length < found.length) {
    const page = await source.leaves(leaves.length, Math.min(found.length, leaves.length + pageWidth));
    if (page.length === 0) break;
    leaves.push(...page);
  }
  const root = frontierRoot(leaves.reduce(extendFrontier, emptyFrontier));
  const altered = leaves.findIndex((leaf, i) => !equalBytes(leaf, found[i]!));
  return equalBytes(root, signedRoot) && altered !== -1
    ? offence("statements_mismatch", `the statement of release ${altered} is not the leaf that was signed`, altered)
    : offence("frontier_mismatch", `the log's ${found.length} statements don't give the root that was signed`);
}

function checkFreshness({ freshAt }: OpenedCheckpoint, { now, maxStale }: AuditOptions): Offence | undefined {
  if (freshAt === undefined) return offence("freshness_missing", "no valid freshness stands with the checkpoint");
  if (freshAt > now + limits.futureSecondsMax) {
    return offence("freshness_in_future", `freshness of ${freshAt}, it is ${now}`);
  }
  return now - freshAt > maxStale
    ? offence("stale", `the checkpoint was last called the newest ${now - freshAt} s ago; ${maxStale} s are allowed`)
    : undefined;
}
