/** Auditing a whole log at a control plane that nobody has to trust. */
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { auditLog, type Audit } from "../../shared/audit/audit-log.ts";
import type { Offence } from "../../shared/audit/offence.ts";
import { meshOfOrigin } from "../../shared/document/mesh-id.ts";
import { toBase64 } from "../../shared/encoding/bytes.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { Call } from "./command.ts";
import { controlPlaneUrl, tokenAtHand } from "./control-plane.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { momentText } from "./moment.ts";
import { LogUnreadable, remoteLog } from "./remote-log.ts";
import { answer, note, refuse } from "./say.ts";
import { originMeant, trustIn, type Brought } from "./trust-files.ts";

const maxStaleDefault = 600;
/** Shorter ones are read before anybody wonders. */
const progressFrom = 1_000;

export async function auditRemote(call: Call, brought: Brought): Promise<Result<ExitCode, Offence>> {
  const { context, options } = call;
  const usage = (code: string, message: string) => ok(refuse(call, exitCodes.usage, { code, message }));
  const origin = originMeant(call, brought);
  if (!origin.ok) return ok(refuse(call, exitCodes.usage, origin.error));
  const url = controlPlaneUrl(call);
  if (!url.ok) return ok(refuse(call, exitCodes.usage, url.error));
  const trust = trustIn(brought, origin.value);
  const { maxStale: text = String(trust.pins?.maxStale ?? maxStaleDefault), seen: seenFile } = options as {
    maxStale?: string;
    seen?: string;
  };
  if (!/^[1-9]\d{0,8}$/.test(text)) return usage("bad_option", "--max-stale takes seconds, e.g. 600");
  const seen = seenFile === undefined ? undefined : await readSeen(path.resolve(context.cwd, seenFile));
  const source = remoteLog(context, `${url.value}/v1/meshes/${meshOfOrigin(origin.value) ?? ""}`, tokenAtHand(call));
  let audited: Result<Audit, Offence>;
  try {
    audited = await auditLog(source, origin.value, trust, {
      now: context.clock(),
      maxStale: Number(text),
      seen,
      onProgress: (done, of) => showProgress(call, done, of),
    });
  } catch (error) {
    if (!(error instanceof LogUnreadable)) throw error;
    const code = error.status === 401 || error.status === 403 ? "unauthorized" : "log_unreadable";
    const exit = code === "unauthorized" ? exitCodes.refused : exitCodes.unreachable;
    return ok(refuse(call, exit, { code, message: error.message }));
  }
  if (!audited.ok) return audited;
  if (seenFile !== undefined) await writeSeen(path.resolve(context.cwd, seenFile), audited.value.log.note);
  tell(call, origin.value, audited.value, seen !== undefined);
  return ok(exitCodes.fine);
}

/** `undefined` where there is none yet: a first audit. */
async function readSeen(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all: with half a checkpoint the next audit would accuse the log. */
async function writeSeen(file: string, checkpoint: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, checkpoint);
  await rename(temporary, file);
}

function showProgress({ context: { stderr } }: Call, done: number, of: number): void {
  if (!stderr.isTerminal || of < progressFrom) return;
  stderr.write(`\r${done} of ${of} releases read${done === of ? "\n" : ""}`);
}

function tell(call: Call, origin: string, audited: Audit, hadSeen: boolean): void {
  const { log, newest, releases, revisions, unapproved, timeWentBack, contentChecked } = audited;
  const { size, root } = log.checkpoint;
  const { threshold, keys } = log.policy.approvers;
  const { quorum } = log.policy.witnesses;
  const age = call.context.clock() - (log.freshAt ?? 0);
  const value = {
    origin,
    releases,
    revisions,
    size,
    root: toBase64(root),
    newest: { release: newest.release, revision: newest.revision, time: newest.time },
    policy: { number: log.policy.number, threshold, approvers: keys.length, witnesses: quorum },
    unapproved,
    contentChecked,
    timeWentBack,
    freshAt: log.freshAt ?? null,
    checkpoint: log.note,
  };
  const lines = [
    `${origin}: ${counted(releases, "release")}, ${counted(revisions, "revision")}; nothing to object to`,
    `  log        its statements give the signed root ${toBase64(root)}${hadSeen ? ", and it goes on from the checkpoint seen before" : ""}`,
    unapproved === 0
      ? `  approvals  every revision was approved in time, now by ${threshold} of ${keys.length}`
      : `  approvals  ${unapproved} of ${releases} releases needed none: there the control plane is trusted with the content`,
    contentChecked
      ? "  contents   every snapshot gives its root; every overlay stays within its revision's plan"
      : "  contents   NOT checked, nor overlays: that needs a token",
    `  freshness  called the newest ${age} s ago`,
    `  newest     release ${newest.release}, revision ${newest.revision}, ${momentText(newest.time)}`,
  ];
  answer(call, value, lines.join("\n"));
  for (const release of timeWentBack) note(call, `release ${release} is dated before the one before it`);
  if (quorum === 0) {
    note(call, "no witnesses: that others are shown the same log is for you to compare, by its root at the same size");
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
