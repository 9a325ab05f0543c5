/** The records of a log, each in itself and as the successor of the one before it. */
import { openSnapshot } from "../acceptance/open-snapshot.ts";
import { checkPlacement } from "../acceptance/placement.ts";
import { refusal, type Refusal } from "../acceptance/refusal.ts";
import { checkApprovals, checkStep } from "../acceptance/revision-sequence.ts";
import type { Entries } from "../document/entry.ts";
import { toBase64 } from "../encoding/bytes.ts";
import { canonicalJson } from "../encoding/json.ts";
import { emptyRoot } from "../merkle/hash.ts";
import { err, ok, type Result } from "../result.ts";
import { entriesOfSnapshot, treeOfSnapshot } from "../store/snapshot.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { detailDigest } from "../trust/detail.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import { danglingOverlay, overlayDigest } from "../trust/overlay.ts";
import { parseStatement, type Statement } from "../trust/statement.ts";
import type { Beside, ContentSource } from "./log-source.ts";
import { offence, offenceOf, type Offence } from "./offence.ts";
import { policyOf } from "./trust.ts";

export interface CheckedRecords {
  readonly releases: number;
  /** Distinct revisions among them. */
  readonly revisions: number;
  /** Releases of a policy that asks for no approval. */
  readonly unapproved: number;
  /** Releases whose time lies before their predecessor's: a clock that was set back, or a time that was made up. */
  readonly timeWentBack: readonly number[];
  readonly newest: Statement;
}

/** As the control plane's API pages. */
const besidesPerPage = 100;

/** @param texts of all statements, at least one, known to be the log's leaves */
export async function checkRecords(
  texts: readonly string[],
  believed: readonly MeshPolicy[],
  pins: MeshPins | undefined,
  content: ContentSource | undefined,
  origin: string,
): Promise<Result<CheckedRecords, Offence>> {
  const timeWentBack: number[] = [];
  let [revisions, unapproved] = [0, 0];
  let besides: readonly (Beside | undefined)[] = [];
  let entries: Entries = new Map();
  let previous: Statement | undefined;
  for (const [release, text] of texts.entries()) {
    const statement = readStatement(text, origin, release);
    if (!statement.ok) return statement;
    const policy = policyOf(statement.value, believed);
    if (!policy.ok) return policy;
    const fault = await checkRecord(statement.value, previous, policy.value);
    if (fault !== undefined) return err(fault);
    const isNew = previous?.revision !== statement.value.revision;

    if (content !== undefined) {
      const at = release % besidesPerPage;
      if (at === 0) besides = await content.besides(release, Math.min(texts.length, release + besidesPerPage));
      if (isNew) {
        const read = await readEntries(content, statement.value, pins);
        if (!read.ok) return read;
        entries = read.value;
      }
      const wrong = checkBeside(statement.value, besides[at], entries);
      if (wrong !== undefined) return err(wrong);
    }
    if (isNew) revisions++;
    if (policy.value.approvers.threshold === 0) unapproved++;
    if (previous !== undefined && statement.value.time < previous.time) timeWentBack.push(release);
    previous = statement.value;
  }
  if (previous === undefined) throw new RangeError("a signed log has at least one release");
  return ok({ releases: texts.length, revisions, unapproved, timeWentBack, newest: previous });
}

function readStatement(text: string, origin: string, release: number): Result<Statement, Offence> {
  const statement = parseStatement(text);
  if (!statement.ok) {
    return err(offence("statement_malformed", `the statement is ${statement.error.replace("_", " ")}`, release));
  }
  if (statement.value.origin !== origin) {
    return err(offence("origin_mismatch", `wanted ${origin}, found ${statement.value.origin}`, release));
  }
  if (statement.value.release !== release) {
    return err(offence("release_mismatch", `leaf ${release} says it is release ${statement.value.release}`, release));
  }
  return statement;
}

async function checkRecord(
  statement: Statement,
  previous: Statement | undefined,
  policy: MeshPolicy,
): Promise<Offence | undefined> {
  const { release, revision, approvals, time } = statement;
  const step = previous === undefined ? checkFirst(statement) : checkStep(previous, statement);
  if (step !== undefined) return offenceOf(step, release);
  const isNew = previous?.revision !== revision;
  // Who has no memory believes the newest statement by its own approvals.
  if (isNew || canonicalJson(approvals) !== canonicalJson(previous.approvals)) {
    const unapproved = await checkApprovals(statement, policy);
    if (unapproved !== undefined) return offenceOf(unapproved, release);
  }
  if (isNew && policy.approvers.threshold > 0 && approvals.notAfter < time) {
    const message = `revision ${revision} was first logged at ${time}, its approvals ended at ${approvals.notAfter}`;
    return offence("approvals_expired", message, release);
  }
  return undefined;
}

/** A log may begin with any revision: earlier ones may never have been published. */
const checkFirst = ({ revision, parent }: Statement): Refusal | undefined =>
  revision === 1 && parent !== toBase64(emptyRoot())
    ? refusal("revision_out_of_sequence", "revision 1 follows another")
    : undefined;

/** The whole content of a revision, every leaf recomputed. */
async function readEntries(
  content: ContentSource,
  statement: Statement,
  pins: MeshPins | undefined,
): Promise<Result<Entries, Offence>> {
  const { release, configRoot } = statement;
  const text = await content.snapshot(release);
  if (text === null) return err(offence("snapshot_missing", `no snapshot ${statement.snapshotDigest}`, release));
  const snapshot = await openSnapshot(text, statement);
  if (!snapshot.ok) return err(offenceOf(snapshot.error, release));
  const tree = treeOfSnapshot(snapshot.value);
  if (!tree.ok || toBase64(tree.value.root) !== configRoot) {
    const found = tree.ok ? toBase64(tree.value.root) : `${tree.error.code} in slot ${tree.error.slot}`;
    return err(offence("config_root_mismatch", `wanted the tree of ${configRoot}, found ${found}`, release));
  }
  const entries = entriesOfSnapshot(snapshot.value);
  const misplaced = pins === undefined ? undefined : checkPlacement(entries, pins);
  return misplaced === undefined ? ok(entries) : err(offenceOf(misplaced, release));
}

function checkBeside(
  { release, ...statement }: Statement,
  beside: Beside | undefined,
  entries: Entries,
): Offence | undefined {
  if (beside === undefined || overlayDigest(beside.overlay) !== statement.overlayDigest) {
    return offence("overlay_digest_mismatch", "the overlay is not the one in the statement", release);
  }
  if (detailDigest(beside.detail) !== statement.detailDigest) {
    return offence("detail_digest_mismatch", "actor and message are not those in the statement", release);
  }
  const dangling = danglingOverlay(beside.overlay, entries);
  return dangling === undefined
    ? undefined
    : offence("overlay_dangling", `overlay of ${dangling.flag}: ${dangling.why}`, release);
}
