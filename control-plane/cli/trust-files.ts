/** What an auditor brings: mesh policies and a deployment policy, as files. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Command as Declaration } from "commander";
import { isMeshId, meshOfOrigin } from "../../shared/document/mesh-id.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseDeploymentPolicy, type DeploymentPolicy } from "../../shared/trust/deployment-policy.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import type { Trust } from "../../shared/audit/trust.ts";
import type { Call } from "./command.ts";
import { readPolicyFile } from "./policy-file.ts";
import { note, type Trouble } from "./say.ts";
import { findStateFolder } from "./state-folder.ts";

export interface Brought {
  readonly policies: readonly MeshPolicy[];
  readonly deployment?: DeploymentPolicy;
}

export const declareTrust = (command: Declaration): Declaration =>
  command
    .option("--policy <file...>", "mesh policies that you trust")
    .option("--deployment <file>", "the deployment policy that you trust: it pins the first policy of each mesh");

/** Without either option what a control plane on this machine trusts itself, and that is said. */
export async function readTrust(call: Call): Promise<Result<Brought, Trouble>> {
  const { policy: policyFiles = [], deployment: given } = call.options as { policy?: string[]; deployment?: string };
  const policies: MeshPolicy[] = [];
  for (const file of policyFiles) {
    const policy = await readPolicyFile(call, file);
    if (!policy.ok) return policy;
    policies.push(policy.value);
  }
  if (given === undefined && policies.length > 0) return ok({ policies });
  const local = given === undefined ? findStateFolder(call.context.cwd) : undefined;
  const file = given === undefined ? local?.files.deployment : path.resolve(call.context.cwd, given);
  if (file === undefined) {
    const hint = "--policy <file…> or --deployment <file>, from whoever you trust, and not from the control plane";
    return err({ code: "policy_missing", message: "an audit needs the policies that you trust", hint });
  }
  const deployment = await readDeployment(file);
  if (!deployment.ok) return deployment;
  if (local !== undefined)
    note(call, `trusting ${file}, this machine's own: an auditor brings --policy or --deployment`);
  return ok({ policies, deployment: deployment.value });
}

async function readDeployment(file: string): Promise<Result<DeploymentPolicy, Trouble>> {
  try {
    const parsed = parseDeploymentPolicy(JSON.parse(await readFile(file, "utf8")));
    return parsed.ok ? parsed : err({ code: "deployment_invalid", message: `${file}: ${parsed.error}` });
  } catch {
    return err({ code: "deployment_missing", message: `${file} can't be read, or is not JSON` });
  }
}

/** What of it is about one log. */
export const trustIn = ({ policies, deployment }: Brought, origin: string): Trust => ({
  policies: policies.filter((policy) => policy.origin === origin),
  pins: deployment?.meshes.find((pins) => pins.origin === origin),
});

/** The log that is meant: `--mesh`, else the only one that there is trust for. */
export function originMeant({ global }: Call, { policies, deployment }: Brought): Result<string, Trouble> {
  const known = [...policies, ...(deployment?.meshes ?? [])].map(({ origin }) => origin);
  const origins = [...new Set(known)].filter((origin) => isMeshId(meshOfOrigin(origin)));
  const meant = origins.filter((origin) => global.mesh === undefined || meshOfOrigin(origin) === global.mesh);
  const [origin] = meant;
  if (meant.length === 1 && origin !== undefined) return ok(origin);
  return meant.length === 0
    ? err({ code: "policy_missing", message: `you trust no policy of ${global.mesh ?? "any mesh"}` })
    : err({ code: "no_mesh", message: `which mesh? Pass --mesh: there are ${meant.join(", ")}` });
}
