/** Step 5 of acceptance: revisions follow each other one by one, and each new one carries enough approvals. */
import { equalBytes, utf8 } from "../encoding/bytes.ts";
import { leafHash, type Hash } from "../merkle/hash.ts";
import { err, ok, type Result } from "../result.ts";
import { countApprovals } from "../trust/approval.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import type { PolicyChain } from "./policy-chain.ts";
import { refusal, type Refusal } from "./refusal.ts";
import { parseStatement, type Statement } from "../trust/statement.ts";
import { textOrNull, type StoreReads, type VerifiedRelease } from "./verified-release.ts";

const statementsPerPage = 512;

/** `undefined` where the newest statement may follow what is known. */
export async function checkSequence(
  memory: VerifiedRelease | undefined,
  newest: Statement,
  between: readonly Hash[],
  policies: PolicyChain,
  reads: StoreReads,
): Promise<Refusal | undefined> {
  if (memory === undefined) return checkApprovals(newest, policies.inForce);
  const known = memory.statement;
  // Each release adds one revision at most.
  if (newest.revision < known.revision || newest.revision > known.revision + between.length + 1) {
    const where = `${between.length + 1} releases after revision ${known.revision}`;
    return refusal("revision_out_of_sequence", `revision ${newest.revision} stands ${where}`);
  }
  if (newest.revision > known.revision && between.length > statementsPerPage)
    return checkApprovals(newest, policies.inForce);
  const skipped = newest.revision === known.revision ? ok([]) : await readBetween(known, between, reads);
  if (!skipped.ok) return skipped.error;
  let previous = known;
  for (const next of [...skipped.value, newest]) {
    const fault =
      checkStep(previous, next) ??
      (next.revision > previous.revision ? await checkApprovalsOf(next, policies) : undefined);
    if (fault !== undefined) return fault;
    previous = next;
  }
  return undefined;
}

/** Under the policy that was in force at that release. */
async function checkApprovalsOf(statement: Statement, policies: PolicyChain): Promise<Refusal | undefined> {
  const policy = policies.policies.find(({ digest }) => digest === statement.policy.digest);
  return policy === undefined
    ? refusal(
        "policy_unpinned",
        `release ${statement.release} is under a policy ${statement.policy.number} that is unknown`,
      )
    : checkApprovals(statement, policy);
}

/** A statement and the next of the same log: the same revision with the same content, or the one after it. */
export function checkStep(previous: Statement, next: Statement): Refusal | undefined {
  if (next.policy.number < previous.policy.number) {
    return refusal("policy_older", `policy ${next.policy.number} after ${previous.policy.number}`);
  }
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
  { origin, release }: Statement,
  between: readonly Hash[],
  reads: StoreReads,
): Promise<Result<readonly Statement[], Refusal>> {
  if (between.length === 0) return ok([]);
  const from = release + 1;
  const texts: unknown = await reads.statements(from, from + between.length);
  const found = Array.isArray(texts) ? texts.length : 0;
  if (!Array.isArray(texts) || found !== between.length) {
    return err(refusal("statements_missing", `${found} of ${between.length} statements from release ${from}`));
  }
  const statements: Statement[] = [];
  for (const [i, hash] of between.entries()) {
    const text = textOrNull(texts[i]);
    const statement = text === null ? err("malformed" as const) : parseStatement(text);
    if (text === null || !statement.ok || !equalBytes(leafHash(utf8(text)), hash)) {
      return err(refusal("statements_mismatch", `the statement of release ${from + i} is not the leaf in the log`));
    }
    // Else the approvals of another mesh's revision, by approvers that both have, would count.
    if (statement.value.origin !== origin || statement.value.release !== from + i) {
      return err(refusal("statements_mismatch", `the leaf of release ${from + i} says that it is another's`));
    }
    statements.push(statement.value);
  }
  return ok(statements);
}
