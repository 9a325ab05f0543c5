/** Verifying the proof of one entry: offline, with nothing but the policies that the auditor brings. */
import type { EntryKey } from "../document/entry.ts";
import { base64Bytes, utf8 } from "../encoding/bytes.ts";
import type { Json } from "../encoding/json.ts";
import { configLeafHash } from "../merkle/config-leaf.ts";
import { leafHash } from "../merkle/hash.ts";
import { verifyInclusion } from "../merkle/proof.ts";
import { err, ok, type Result } from "../result.ts";
import { checkApprovals } from "../acceptance/revision-sequence.ts";
import { countApprovals } from "../trust/approval.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import { parseStatement, type Statement } from "../trust/statement.ts";
import { parseEntryProof, type EntryProof } from "./entry-proof.ts";
import { offence, offenceOf, type Offence } from "./offence.ts";
import { openCheckpoint, type OpenedCheckpoint } from "./open-checkpoint.ts";
import { believedPolicies, policyOf, type Trust } from "./trust.ts";

export interface ProvenEntry {
  readonly key: EntryKey;
  readonly value: Json;
  /** Of the release that it was part of. */
  readonly statement: Statement;
  /** That the release acted under. */
  readonly policy: MeshPolicy;
  /** Names of the approvers whose signatures are valid. */
  readonly approvedBy: readonly string[];
  /** The tree head that the release was found under. */
  readonly log: OpenedCheckpoint;
}

export async function verifyEntry(proofText: string, trust: Trust): Promise<Result<ProvenEntry, Offence>> {
  const proof = parseEntryProof(proofText);
  if (!proof.ok) return proof;
  const statement = parseStatement(proof.value.statement);
  if (!statement.ok) {
    return err(offence("statement_malformed", `the statement is ${statement.error.replace("_", " ")}`));
  }
  const believed = await believedPolicies(trust, proof.value.policies);
  const policy = policyOf(statement.value, believed);
  if (!policy.ok) return policy;
  const { origin, release } = statement.value;
  // A key that was replaced before the release must not vouch for it.
  const notOlder = believed.filter(({ number }) => number >= policy.value.number);
  const log = await openCheckpoint(proof.value.checkpoint, origin, notOlder);
  if (!log.ok) return log;

  const { size, root } = log.value.checkpoint;
  const leaf = leafHash(utf8(proof.value.statement));
  const logged = verifyInclusion({ leaf, index: release, size, root, proof: proof.value.logPath.map(base64Bytes) });
  if (!logged.ok) {
    return err(offence("inclusion_invalid", `the statement is not leaf ${release} of that log (${logged.error})`));
  }
  const unapproved = await checkApprovals(statement.value, policy.value);
  if (unapproved !== undefined) return err(offenceOf(unapproved, release));
  const missing = checkInclusion(proof.value, statement.value);
  if (missing !== undefined) return err(missing);

  const { key, value } = proof.value.entry;
  const approvedBy = await approversOf(statement.value, policy.value);
  return ok({ key, value, statement: statement.value, policy: policy.value, approvedBy, log: log.value });
}

function checkInclusion({ entry }: EntryProof, { configRoot, configSize, release }: Statement): Offence | undefined {
  const included = verifyInclusion({
    leaf: configLeafHash(entry.key, base64Bytes(entry.salt), entry.value),
    index: entry.slot,
    size: configSize,
    proof: entry.path.map(base64Bytes),
    root: base64Bytes(configRoot),
  });
  if (included.ok) return undefined;
  return offence("entry_not_included", `${entry.key} was not this in slot ${entry.slot} (${included.error})`, release);
}

async function approversOf(statement: Statement, { approvers }: MeshPolicy): Promise<readonly string[]> {
  const names: string[] = [];
  for (const key of approvers.keys) {
    if ((await countApprovals(statement, statement.approvals, [key])) === 1) names.push(key.name);
  }
  return names;
}
