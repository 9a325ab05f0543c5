/** Step 5 of acceptance: revisions follow each other one by one, and each new one carries enough approvals. */
import { equalBytes, utf8 } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { leafHash, type Hash } from "../merkle/hash.ts";
import { err, ok, type Result } from "../result.ts";
import { countApprovals } from "../trust/approval.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import { refusal, type Refusal } from "./refusal.ts";
import { parseStatement, type Statement } from "../trust/statement.ts";
import type { StoreReads, VerifiedRelease } from "./verified-release.ts";

const statementsPerPage = 512;

/** `undefined` where the newest statement may follow what is known. */
export async function checkSequence(
  memory: VerifiedRelease | undefined,
  newest: Statement,
  between: readonly Hash[],
  policy: MeshPolicy,
  reads: StoreReads,
): Promise<Refusal | undefined> {
  if (memory === undefined || between.length > statementsPerPage) return checkApprovals(newest, policy);
  const known = memory.statement;
  if (newest.revision < known.revision) {
    return refusal("revision_out_of_sequence", `revision ${newest.revision} after ${known.revision}`);
  }
  const skipped = newest.revision === known.revision ? ok([]) : await readBetween(known.release + 1, between, reads);
  if (!skipped.ok) return skipped.error;
  let previous = known;
  for (const next of [...skipped.value, newest]) {
    const fault =
      checkStep(previous, next) ?? (next.revision > previous.revision ? await checkApprovals(next, policy) : undefined);
    if (fault !== undefined) return fault;
    previous = next;
  }
  return undefined;
}

/** A statement and the next of the same log: the same revision with the same content, or the one after it. */
export function checkStep(previous: Statement, next: Statement): Refusal | undefined {
  if (next.revision === previous.revision) {
    const same =
      next.configRoot === previous.configRoot &&
      next.configSize === previous.configSize &&
      next.snapshotDigest === previous.snapshotDigest &&
      next.parent === previous.parent;
    return same ? undefined : refusal("revision_reused", `revision ${next.revision} has two contents`);
  }
  if (next.revision !== previous.revision + 1 || next.parent !== previous.configRoot) {
    return refusal(
      "revision_out_of_sequence",
      `revision ${next.revision} (release ${next.release}) doesn't follow revision ${previous.revision} (release ${previous.release})`,
    );
  }
  return undefined;
}

/** As many distinct approvers as the policy asks for have signed exactly this revision. */
export async function checkApprovals(statement: Statement, policy: MeshPolicy): Promise<Refusal | undefined> {
  const { threshold, keys } = policy.approvers;
  if (threshold === 0) return undefined;
  const approved = await countApprovals(statement, statement.approvals, keys);
  return approved >= threshold
    ? undefined
    : refusal("approvals_insufficient", `revision ${statement.revision} has ${approved} of ${threshold} approvals`);
}

/** The statements in between. Their leaf hashes are already part of the signed root, so they can't be made up. */
async function readBetween(
  from: number,
  between: readonly Hash[],
  reads: StoreReads,
): Promise<Result<readonly Statement[], Refusal>> {
  if (between.length === 0) return ok([]);
  const texts = await reads.statements(from, from + between.length);
  if (texts.length !== between.length) {
    return err(refusal("statements_missing", `${texts.length} of ${between.length} statements from release ${from}`));
  }
  const statements: Statement[] = [];
  for (const [i, text] of texts.entries()) {
    const hash = between[i];
    const statement = text.length <= limits.statementBytesMax ? parseStatement(text) : err("too_large" as const);
    if (hash === undefined || !statement.ok || !equalBytes(leafHash(utf8(text)), hash)) {
      return err(refusal("statements_mismatch", `the statement of release ${from + i} is not the leaf in the log`));
    }
    statements.push(statement.value);
  }
  return ok(statements);
}
