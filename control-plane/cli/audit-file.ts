/** Auditing a proof: what it proves, and what it doesn't, in plain words. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEntryProof } from "../../shared/audit/entry-proof.ts";
import type { Offence } from "../../shared/audit/offence.ts";
import { verifyEntry, type ProvenEntry } from "../../shared/audit/verify-entry.ts";
import { toBase64 } from "../../shared/encoding/bytes.ts";
import { canonicalJson } from "../../shared/encoding/json.ts";
import { ok, type Result } from "../../shared/result.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import type { Call } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { momentText } from "./moment.ts";
import { answer, refuse } from "./say.ts";
import { trustIn, type Brought } from "./trust-files.ts";
import { visible } from "./visible-text.ts";

export async function auditFile(call: Call, file: string, brought: Brought): Promise<Result<ExitCode, Offence>> {
  let text: string;
  try {
    text = await readFile(path.resolve(call.context.cwd, file), "utf8");
  } catch {
    return ok(refuse(call, exitCodes.usage, { code: "unreadable", message: `${file} can't be read` }));
  }
  const proof = parseEntryProof(text);
  if (!proof.ok) return proof;
  const statement = parseStatement(proof.value.statement);
  const proven = await verifyEntry(text, trustIn(brought, statement.ok ? statement.value.origin : ""));
  if (!proven.ok) return proven;
  answer(call, valueOf(proven.value), linesOf(proven.value).join("\n"));
  return ok(exitCodes.fine);
}

const valueOf = ({ key, value, statement, policy, approvedBy, log }: ProvenEntry) => ({
  origin: statement.origin,
  key,
  value,
  release: statement.release,
  revision: statement.revision,
  time: statement.time,
  approvals: { needed: policy.approvers.threshold, by: approvedBy },
  log: { size: log.checkpoint.size, root: toBase64(log.checkpoint.root), freshAt: log.freshAt ?? null },
});

function linesOf({ key, value, statement, policy, approvedBy, log }: ProvenEntry): readonly string[] {
  const { origin, release, revision, time } = statement;
  const { threshold } = policy.approvers;
  const { size, root } = log.checkpoint;
  const newest = release === size - 1;
  const known = log.freshAt === undefined ? "at a time that nobody signed for" : `on ${momentText(log.freshAt)}`;
  const name = visible(key);
  return [
    `${name} in release ${release} of ${visible(origin)}: proven`,
    `  was          ${visible(canonicalJson(value))}`,
    `  revision     ${revision}, released on ${momentText(time)}`,
    threshold === 0
      ? "  approved by  nobody: this mesh's policy asks for no approval, and trusts its control plane with the content"
      : `  approved by  ${approvedBy.map(visible).join(", ")} (${threshold} needed)`,
    `  log          ${size} ${size === 1 ? "release" : "releases"} ${known}, root ${toBase64(root)}`,
    "",
    "It proves that",
    `  - release ${release} had exactly this ${name}, and no other`,
    `  - the log records that release${threshold === 0 ? "" : ", and enough approvers signed its whole content"}`,
    ...(newest && log.freshAt !== undefined ? [`  - it was the newest release ${known}`] : []),
    "It doesn't tell",
    `  - whether operators had killed a flag or moved it to another stage: a proof leaves the overlay out`,
    "  - anything of any other entry",
    newest ? "  - what holds since then" : `  - what the ${size - 1 - release} later releases changed`,
  ];
}
