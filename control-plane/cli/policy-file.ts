/** The mesh policy at hand: the file that `--policy` names, else the newest in `.flagmesh/`. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseMeshPolicy, type MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import type { Lock } from "../locker/lock-file.ts";
import type { Call } from "./command.ts";
import { lockFileName } from "./lock-file-on-disk.ts";
import type { Trouble } from "./say.ts";
import { findLocalPolicy } from "./state-folder.ts";

export const policyOption = [
  "--policy <file>",
  "the mesh policy that says who may approve (default: the one in .flagmesh/)",
] as const;

/** The policy that a lock is under. `undefined` where none is given, and `.flagmesh/` has none of the lock's origin. */
export async function findPolicy(call: Call, lock: Lock | undefined): Promise<Result<MeshPolicy | undefined, Trouble>> {
  const given = call.options["policy"];
  if (typeof given !== "string") {
    const text = lock === undefined ? undefined : findLocalPolicy(call.global.dir, lock.mesh);
    const local = text === undefined ? ok(undefined) : parsePolicyText(text, "the policy in .flagmesh/");
    return local.ok && local.value?.origin !== lock?.origin ? ok(undefined) : local;
  }
  const policy = await readPolicyFile(call, given);
  if (!policy.ok || lock === undefined || policy.value.origin === lock.origin) return policy;
  const message = `${given} is the policy of ${policy.value.origin}, ${lockFileName} is of ${lock.origin}`;
  return err({ code: "policy_of_another_mesh", message });
}

export async function readPolicyFile({ context }: Call, file: string): Promise<Result<MeshPolicy, Trouble>> {
  let text: string;
  try {
    text = await readFile(path.resolve(context.cwd, file), "utf8");
  } catch {
    return err({ code: "policy_missing", message: `${file} can't be read` });
  }
  return parsePolicyText(text, file);
}

/** @param name of where the text is from, for the message */
export function parsePolicyText(text: string, name: string): Result<MeshPolicy, Trouble> {
  // Editors end a file with a newline, which canonical JSON has none of.
  const policy = parseMeshPolicy(text.trimEnd());
  return policy.ok ? policy : err({ code: policy.error, message: `${name} is no mesh policy` });
}
