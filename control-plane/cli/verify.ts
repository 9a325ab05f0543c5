/** `flagmesh verify`: whether flagmesh.lock is what the documents say, adds up, and is approved. Offline; writes nothing. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseMeshPolicy, type MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { verifyLock, type LockVerdict } from "../locker/verify-lock.ts";
import type { Call, Command } from "./command.ts";
import { readDocuments, refuseFindings } from "./documents.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText } from "./lock-file-on-disk.ts";
import { answer, note, refuse, type Trouble } from "./say.ts";
import { findLocalPolicy } from "./state-folder.ts";

export const verify: Command = {
  name: "verify",
  summary: "check flagmesh.lock against the documents, and its approvals",
  examples: ["flagmesh verify", "flagmesh verify --policy policies/acme/production/1.json"],
  declare(command) {
    command
      .option("--policy <file>", "the mesh policy that says who may approve (default: the one in .flagmesh/)")
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
    const policy = await readPolicy(call, lock?.ok === true ? lock.value : undefined);
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

/** `undefined` where none is given, and `.flagmesh/` has none of the lock's origin. */
async function readPolicy(call: Call, lock: Lock | undefined): Promise<Result<MeshPolicy | undefined, Trouble>> {
  const given = call.options["policy"];
  if (typeof given !== "string") {
    const text = lock === undefined ? undefined : findLocalPolicy(call.global.dir, lock.mesh);
    const local = text === undefined ? ok(undefined) : policyOf(text, "the policy in .flagmesh/");
    return local.ok && local.value?.origin !== lock?.origin ? ok(undefined) : local;
  }
  let text: string;
  try {
    text = await readFile(path.resolve(call.context.cwd, given), "utf8");
  } catch {
    return err({ code: "policy_missing", message: `${given} can't be read` });
  }
  const policy = policyOf(text, given);
  if (!policy.ok || lock === undefined || policy.value.origin === lock.origin) return policy;
  const message = `${given} is the policy of ${policy.value.origin}, ${lockFileName} is of ${lock.origin}`;
  return err({ code: "policy_of_another_mesh", message });
}

function policyOf(text: string, name: string): Result<MeshPolicy, Trouble> {
  // Editors end a file with a newline, which canonical JSON has none of.
  const policy = parseMeshPolicy(text.trimEnd());
  return policy.ok ? policy : err({ code: policy.error, message: `${name} is no mesh policy` });
}

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
