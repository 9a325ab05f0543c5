/** `flagmesh approve`: shows what a locked revision changes, and signs exactly that step. */
import { err, ok, type Result } from "../../shared/result.ts";
import { countApprovals, noApprovals } from "../../shared/trust/approval.ts";
import type { SigningKey } from "../keys/signing-key.ts";
import { approveRevision, approveUndo } from "../locker/approve-lock.ts";
import { encodeLockFile, type Lock } from "../locker/lock-file.ts";
import { undoStep } from "../locker/lock-undo.ts";
import { approvalViewText, viewApproval } from "./approval-view.ts";
import { approvalTrouble, type ApproveRefusal } from "./approval-trouble.ts";
import { checkApprover, readApproverKey } from "./approver-key.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText, writeLockText } from "./lock-file-on-disk.ts";
import { momentText, parseMoment } from "./moment.ts";
import { findParentContent, type ParentContent } from "./parent-content.ts";
import { policyOption } from "./policy-file.ts";
import { answer, note, refuse, type Trouble } from "./say.ts";
import { readVerifiedLock, type VerifiedLock } from "./verified-lock.ts";

const approvalSeconds = 7 * 86_400;
/** An undo is of use as long as what it takes back is in force. */
const undoSeconds = 30 * 86_400;

export const approve: Command = {
  name: "approve",
  summary: "sign the locked revision, after showing what it changes and whom it moves",
  examples: [
    "flagmesh approve --key alice.key",
    "flagmesh approve --key alice.key --with-undo --not-after 2026-12-24",
    "flagmesh approve --key ci.key --policy policy.json --yes",
  ],
  declare(command) {
    command
      .requiredOption("--key <file>", "the approver's private key")
      .option(
        "--not-after <when>",
        "until when it may be published: 12h, 7d, 2026-12-24 (default: 7d, or as others signed)",
      )
      .option("--with-undo", "sign the next revision, too, that takes this one back", false)
      .option("--undo-not-after <when>", "until when that may be published (default: 30d, or as others signed)")
      .option("--anew", "drop the signatures that are there, and begin with this one", false)
      .option("--yes", "sign without asking", false)
      .option(...policyOption)
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const times = readTimes(call);
    if (!times.ok) return refuse(call, exitCodes.usage, times.error);
    const read = await readVerifiedLock(call, false);
    if (!read.ok) return read.error;
    const { lock, lockText, entries, policy } = read.value;
    const key = await readApproverKey(call, String(call.options["key"]));
    if (!key.ok) return refuse(call, exitCodes.refused, key.error);
    const known = policy === undefined ? ok(undefined) : checkApprover(key.value, policy);
    if (!known.ok) return refuse(call, exitCodes.refused, known.error);

    const replaced = await findParentContent(call, lock);
    const signed = sign(call, lock, replaced, key.value, times.value);
    if (!signed.ok) {
      const { exit, ...trouble } = approvalTrouble(signed.error);
      return refuse(call, exit, trouble);
    }
    const next = signed.value;
    const undoNotAfter = call.options["withUndo"] === true ? (next.undo?.approvals.notAfter ?? null) : null;
    const view = viewApproval(lock, entries, replaced, { notAfter: next.approvals.notAfter, undoNotAfter });
    if (encodeLockFile(next) === lockText) return tell(call, read.value, key.value, view, "had already approved");
    note(call, `${approvalViewText(view)}\n`);
    const refusal = await askConsent(call, key.value);
    if (refusal !== undefined) return refuse(call, refusal.exit, refusal);
    if ((await readLockText(call.global.dir)) !== lockText) {
      const message = `${lockFileName} changed meanwhile; nothing was signed`;
      return refuse(call, exitCodes.conflict, { code: "lock_changed", message });
    }
    await writeLockText(call.global.dir, encodeLockFile(next));
    return tell(call, { ...read.value, lock: next }, key.value, view, "approved");
  },
};

interface Times {
  readonly now: number;
  readonly notAfter: number | undefined;
  readonly undoNotAfter: number | undefined;
}

function readTimes({ context, options }: Call): Result<Times, Trouble> {
  const now = context.clock();
  const times: (number | undefined)[] = [];
  for (const text of [options["notAfter"], options["undoNotAfter"]]) {
    const time = typeof text === "string" ? parseMoment(text, now) : undefined;
    if (typeof text === "string" && (time === undefined || time <= now)) {
      const message = `${text} is no time to come: give 12h, 7d, 2026-12-24 or 2026-12-24T18:00Z`;
      return err({ code: "bad_time", message });
    }
    times.push(time);
  }
  return ok({ now, notAfter: times[0], undoNotAfter: times[1] });
}

/** The lock with the signatures that were asked for. It is shown before it is written. */
function sign(
  { options }: Call,
  lock: Lock,
  replaced: ParentContent | undefined,
  key: SigningKey,
  { now, notAfter, undoNotAfter }: Times,
): Result<Lock, ApproveRefusal> {
  const anew = options["anew"] === true;
  const withUndo = options["withUndo"] === true;
  const cleared = anew ? { ...lock, approvals: noApprovals, undo: withUndo ? null : lock.undo } : lock;
  const approved = approveRevision(cleared, key, { now, notAfter, notAfterDefault: now + approvalSeconds });
  if (!approved.ok) return approved;
  if (!withUndo) return ok(approved.value.lock);
  if (lock.revision === 1) return err({ code: "nothing_to_undo" });
  if (replaced === undefined) return err({ code: "parent_missing" });
  const time = { now, notAfter: undoNotAfter, notAfterDefault: now + undoSeconds };
  const undone = approveUndo(approved.value.lock, replaced.entries, key, time);
  return undone.ok ? ok(undone.value.lock) : undone;
}

/** `undefined` where the signer says yes. */
async function askConsent(
  { context, options }: Call,
  { vkey }: SigningKey,
): Promise<(Trouble & { exit: ExitCode }) | undefined> {
  if (options["yes"] === true) return undefined;
  if (context.ask === undefined) {
    const message = "nobody is there to be asked: read what is shown above, then pass --yes";
    return { exit: exitCodes.usage, code: "not_confirmed", message };
  }
  const said = await context.ask(`Sign this as ${vkey.name}? [y/N] `);
  if (/^y(?:es)?$/i.test(said?.trim() ?? "")) return undefined;
  return { exit: exitCodes.refused, code: "not_confirmed", message: "nothing was signed" };
}

async function tell(
  call: Call,
  { lock, policy }: Pick<VerifiedLock, "lock" | "policy">,
  { vkey }: SigningKey,
  view: object,
  what: string,
): Promise<ExitCode> {
  const { revision, approvals, undo } = lock;
  const approvers = policy?.approvers;
  const counted = approvers && (await countApprovals(lock, approvals, approvers.keys));
  const undoCounted = approvers && undo && (await countApprovals(undoStep(lock, undo), undo.approvals, approvers.keys));
  const value = {
    ...view,
    approver: vkey.name,
    approvals: counted ?? null,
    undoApprovals: undoCounted ?? null,
    threshold: approvers?.threshold ?? null,
  };
  const until = momentText(approvals.notAfter);
  answer(call, value, `${lockFileName}: ${vkey.name} ${what} revision ${revision}, publishable until ${until}`);
  if (approvers === undefined) {
    note(call, "no policy is at hand to count approvals by: --policy tells how many are missing");
    return exitCodes.fine;
  }
  note(call, `revision ${revision}: ${counted} of ${approvers.threshold} approvals`);
  if (undo !== null)
    note(call, `its undo, revision ${revision + 1}: ${undoCounted} of ${approvers.threshold} approvals`);
  return exitCodes.fine;
}
