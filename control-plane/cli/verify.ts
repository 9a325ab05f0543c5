/** `flagmesh verify`: whether flagmesh.lock is what the documents say, adds up, and is approved. Offline; writes nothing. */
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseLockFile } from "../locker/lock-file.ts";
import { verifyLock, type LockVerdict } from "../locker/verify-lock.ts";
import type { Call, Command } from "./command.ts";
import { readDocuments, refuseFindings } from "./documents.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText } from "./lock-file-on-disk.ts";
import { findPolicy, policyOption } from "./policy-file.ts";
import { answer, note, refuse } from "./say.ts";

export const verify: Command = {
  name: "verify",
  summary: "check flagmesh.lock against the documents, and its approvals",
  examples: ["flagmesh verify", "flagmesh verify --policy policies/acme/production/1.json"],
  declare(command) {
    command
      .option(...policyOption)
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const { global, options } = call;
    const allowInsecure = options["allowInsecureEndpoints"] === true;
    const documents = await readDocuments(call, { location: global.dir, allowInsecure });
    const { mesh, entries } = documents;
    if (entries === undefined) return refuseFindings(call, documents);
    const lockText = await readLockText(global.dir);
    const lock = lockText === undefined ? undefined : parseLockFile(lockText);
    const policy = await findPolicy(call, lock?.ok === true ? lock.value : undefined);
    if (!policy.ok) return refuse(call, exitCodes.usage, policy.error);
    const verdict = await verifyLock({
      lockText,
      mesh,
      entries,
      files: new Map([...documents.files].map(([name, bytes]) => [name, digestOfBytes(bytes)])),
      approvers: policy.value?.approvers,
    });
    return tell(call, verdict, policy.value);
  },
};

const exits: Readonly<Record<Exclude<LockVerdict["kind"], "ok">, ExitCode>> = {
  missing: exitCodes.lockMissing,
  drifted: exitCodes.lockDrifted,
  conflicted: exitCodes.lockDrifted,
  malformed: exitCodes.tampered,
  tampered: exitCodes.tampered,
  unapproved: exitCodes.notApproved,
};

function tell(call: Call, verdict: LockVerdict, policy: MeshPolicy | undefined): ExitCode {
  if (verdict.kind !== "ok") {
    const { kind, wanted, found, mend } = verdict;
    const message = `${lockFileName} ${kind}: wanted ${wanted}; found ${found}`;
    return refuse(call, exits[kind], { code: `lock_${kind}`, message, hint: mend });
  }
  const { mesh, origin, revision, configRoot, snapshotDigest, approvals } = verdict.lock;
  const threshold = policy?.approvers.threshold;
  const value = { mesh, origin, revision, configRoot, snapshotDigest, approvalsNeeded: threshold ?? null };
  answer(call, value, `${lockFileName}: ${mesh} revision ${revision} is what the documents say`);
  if (threshold === undefined) {
    note(call, `approvals not checked (${approvals.signatures.length} there): pass --policy to check them`);
  } else if (threshold === 0) {
    note(call, "no approvals are needed: the policy trusts the control plane with the content");
  }
  return exitCodes.fine;
}
