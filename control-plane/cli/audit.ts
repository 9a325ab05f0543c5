/** `flagmesh audit`: verifies a proof of one entry offline, or a whole log at a control plane. */
import type { Offence, OffenceCode } from "../../shared/audit/offence.ts";
import { auditFile } from "./audit-file.ts";
import { auditRemote } from "./audit-remote.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { answer, note, refuse } from "./say.ts";
import { declareTrust, readTrust } from "./trust-files.ts";
import { visible } from "./visible-text.ts";

export const audit: Command = {
  name: "audit",
  summary: "verify a proof, or every release of a log, with nothing but the policies that you trust",
  examples: [
    "flagmesh audit new-checkout.proof.json --policy policies/acme/production/1.json",
    "flagmesh audit --url https://control.example.com --mesh acme/production --deployment deployment.json",
    "flagmesh audit --deployment deployment.json --seen production.checkpoint",
  ],
  declare(command) {
    command.argument("[file]", "a proof, as `flagmesh prove` writes it; without it, the log at --url is audited");
    declareTrust(command)
      .option("--seen <file>", "the checkpoint that the last audit saw: the log must go on from it; then replaced")
      .option(
        "--max-stale <seconds>",
        "how old the newest freshness may be (default: the deployment policy's, or 600)",
      );
  },
  async run(call) {
    const brought = await readTrust(call);
    if (!brought.ok) return refuse(call, exitCodes.usage, brought.error);
    const [file] = call.args;
    const audited = await (file === undefined
      ? auditRemote(call, brought.value)
      : auditFile(call, file, brought.value));
    return audited.ok ? audited.value : tellOffence(call, audited.error);
  },
};

function tellOffence(call: Call, { code, release, message, evidence }: Offence): ExitCode {
  const where = release === undefined ? "" : `release ${release}: `;
  note(call, `flagmesh: ${where}${visible(message)} [${code}]`);
  for (const text of evidence ?? []) note(call, `evidence:\n${text.split("\n").map(visible).join("\n")}`);
  const error = { code, release: release ?? null, message, ...(evidence === undefined ? {} : { evidence }) };
  if (call.global.format === "json") answer(call, { error }, "");
  return exitOf(code);
}

function exitOf(code: OffenceCode): ExitCode {
  switch (code) {
    case "approvals_insufficient":
    case "approvals_expired":
      return exitCodes.notApproved;
    case "policy_missing":
      return exitCodes.usage;
    // Nothing was altered: nobody says any more that this is the newest.
    case "stale":
    case "log_too_large":
      return exitCodes.refused;
    default:
      return exitCodes.tampered;
  }
}
