/** The lock at hand, once it is known to be what the documents say. */
import type { Entries } from "../../shared/document/entry.ts";
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { verifyLock, type LockVerdict } from "../locker/verify-lock.ts";
import type { Call } from "./command.ts";
import { readDocuments, refuseFindings } from "./documents.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText } from "./lock-file-on-disk.ts";
import { findPolicy } from "./policy-file.ts";
import { refuse } from "./say.ts";

export interface VerifiedLock {
  readonly lock: Lock;
  readonly lockText: string;
  readonly entries: Entries;
  /** `undefined` where none is at hand. */
  readonly policy: MeshPolicy | undefined;
}

const exits: Readonly<Record<Exclude<LockVerdict["kind"], "ok">, ExitCode>> = {
  missing: exitCodes.lockMissing,
  drifted: exitCodes.lockDrifted,
  conflicted: exitCodes.lockDrifted,
  malformed: exitCodes.tampered,
  tampered: exitCodes.tampered,
  unapproved: exitCodes.notApproved,
};

/** Where it isn't, says so, and gives the exit code. @param approved whether the policy's threshold must be met, too */
export async function readVerifiedLock(call: Call, approved: boolean): Promise<Result<VerifiedLock, ExitCode>> {
  const { global, options } = call;
  const allowInsecure = options["allowInsecureEndpoints"] === true;
  const documents = await readDocuments(call, { location: global.dir, allowInsecure });
  const { mesh, entries } = documents;
  if (entries === undefined) return err(refuseFindings(call, documents));
  const lockText = await readLockText(global.dir);
  const parsed = lockText === undefined ? undefined : parseLockFile(lockText);
  const policy = await findPolicy(call, parsed?.ok === true ? parsed.value : undefined);
  if (!policy.ok) return err(refuse(call, exitCodes.usage, policy.error));
  const verdict = await verifyLock({
    lockText,
    mesh,
    entries,
    files: new Map([...documents.files].map(([name, bytes]) => [name, digestOfBytes(bytes)])),
    approvers: approved ? policy.value?.approvers : undefined,
  });
  if (verdict.kind !== "ok" || lockText === undefined) return err(refuseVerdict(call, verdict));
  return ok({ lock: verdict.lock, lockText, entries, policy: policy.value });
}

function refuseVerdict(call: Call, verdict: LockVerdict): ExitCode {
  if (verdict.kind === "ok") throw new Error("a lock that isn't there is verified");
  const { kind, wanted, found, mend } = verdict;
  const message = `${lockFileName} ${kind}: wanted ${wanted}; found ${found}`;
  return refuse(call, exits[kind], { code: `lock_${kind}`, message, hint: mend });
}
