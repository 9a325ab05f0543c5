/**
 * The validator: nothing is signed that doesn't add up. A push is loaded from its files again, its lock is recomputed
 * from them, and its place after the newest revision, its approvals and its placement are checked, before any of it is
 * written anywhere.
 */
import { checkPlacement } from "../../shared/acceptance/placement.ts";
import type { Entries } from "../../shared/document/entry.ts";
import type { Bytes } from "../../shared/encoding/bytes.ts";
import { digestOfBytes, type Digest } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Authority } from "../deployment/authority.ts";
import type { EngineFault } from "../engine/fault.ts";
import type { MeshState } from "../engine/mesh-state.ts";
import { summaryOf } from "../engine/release-summary.ts";
import { loadDocument } from "../locker/load.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { lock } from "../locker/lock.ts";
import { countOf } from "../locker/report.ts";
import { verifyLock } from "../locker/verify-lock.ts";
import { toolName } from "../tool.ts";

export interface Push {
  /** Source files by path. */
  readonly files: ReadonlyMap<string, Bytes>;
  /** Text of `flagmesh.lock`; absent: the control plane locks, where nobody has to approve. */
  readonly lock: string | undefined;
}

export interface ValidPush {
  readonly entries: Entries;
  readonly lock: Lock;
  readonly lockText: string;
  readonly snapshot: string;
}

export interface PushContext {
  readonly authority: Authority;
  /** What the push would follow; absent: it is the first. */
  readonly state: MeshState | undefined;
  /** Unix seconds. */
  readonly now: number;
  readonly randomSeed: () => Bytes;
}

export async function validatePush(push: Push, context: PushContext): Promise<Result<ValidPush, EngineFault>> {
  const { authority, state, now } = context;
  const { pins } = authority;
  const { entries, diagnostics } = loadDocument(push.files, {
    mesh: pins.mesh,
    allowInsecureEndpoints: pins.allowInsecureEndpoints,
  });
  if (entries === undefined) {
    const message = `the document has errors (${countOf(diagnostics)}); nothing was changed`;
    return err({ code: "document_invalid", message, diagnostics });
  }
  const misplaced = checkPlacement(entries, pins);
  if (misplaced !== undefined) {
    return err({ code: "placement_refused", refusal: misplaced.code, message: misplaced.message });
  }
  const files = new Map([...push.files].map(([path, bytes]) => [path, digestOfBytes(bytes)]));
  const valid =
    push.lock === undefined ? lockHere(entries, files, context) : await readLock(entries, files, push.lock, authority);
  if (!valid.ok) return valid;
  const refused = checkParent(valid.value.lock, state) ?? checkExpiry(valid.value.lock, state, now);
  return refused === undefined ? valid : err(refused);
}

/** A bare document: locked here, on the newest revision. */
function lockHere(
  entries: Entries,
  files: ReadonlyMap<string, Digest>,
  { authority, state, randomSeed }: PushContext,
): Result<ValidPush, EngineFault> {
  const { pins, policy } = authority;
  const { mesh, origin } = pins;
  if (policy.approvers.threshold > 0) {
    const message = `${mesh} needs ${policy.approvers.threshold} approval(s): push the files with their approved flagmesh.lock`;
    return err({ code: "lock_required", message });
  }
  const locked = lock({ mesh, origin, entries, files, previous: state?.lock, seed: randomSeed(), tool: toolName });
  if (locked.ok)
    return ok({ entries, lock: locked.value.lock, lockText: locked.value.text, snapshot: locked.value.snapshot });
  const { error } = locked;
  if (error.code === "snapshot_too_large" || error.code === "lock_too_large") {
    return err({ code: "snapshot_too_large", message: `the mesh takes more than ${error.bytesMax} bytes` });
  }
  throw new Error(`the newest lock of ${mesh} can't be followed: ${error.code}`);
}

/** A lock that came with its files: everything in it is recomputed from them. */
async function readLock(
  entries: Entries,
  files: ReadonlyMap<string, Digest>,
  lockText: string,
  { pins, policy }: Authority,
): Promise<Result<ValidPush, EngineFault>> {
  const { mesh, origin } = pins;
  const parsed = parseLockFile(lockText);
  if (parsed.ok && parsed.value.origin !== origin) {
    return err({ code: "mesh_mismatch", message: `the lock is of ${parsed.value.origin}, this is ${origin}` });
  }
  const verdict = await verifyLock({ lockText, mesh, entries, files, approvers: policy.approvers });
  if (verdict.kind !== "ok") {
    const message = `wanted ${verdict.wanted}, found ${verdict.found}. Mend it with: ${verdict.mend}`;
    return err({ code: verdict.kind === "unapproved" ? "approvals_insufficient" : `lock_${verdict.kind}`, message });
  }
  return ok({ entries, lock: verdict.lock, lockText, snapshot: verdict.snapshot });
}

/** Revisions are serial: a lock follows the newest one, or is it. A mesh's first release may carry any revision. */
function checkParent(found: Lock, state: MeshState | undefined): EngineFault | undefined {
  if (state === undefined) return undefined;
  const newest = state.statement;
  const isNewest = found.revision === newest.revision && found.configRoot === newest.configRoot;
  if (isNewest || (found.revision === newest.revision + 1 && found.parent === newest.configRoot)) return undefined;
  const { release, revision, configRoot, actor, time } = summaryOf(state.newest);
  return {
    code: "stale_parent",
    message: `the lock is revision ${found.revision} on ${found.parent}; the newest is revision ${revision}, by ${actor}. Fetch its lock (GET …/lock), lock on it again, and have that approved`,
    winner: { release, revision, configRoot, actor, time },
  };
}

/** Approvals bound how long an unused revision can still be published. */
function checkExpiry(
  { approvals, configRoot }: Lock,
  state: MeshState | undefined,
  now: number,
): EngineFault | undefined {
  if (approvals.signatures.length === 0 || approvals.notAfter >= now || state?.statement.configRoot === configRoot) {
    return undefined;
  }
  return {
    code: "approvals_expired",
    message: `the approvals ended at ${new Date(approvals.notAfter * 1_000).toISOString()}`,
  };
}
