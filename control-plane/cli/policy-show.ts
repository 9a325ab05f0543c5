/** `flagmesh policy show`: which keys sign what for a mesh, and how many have to approve. */
import path from "node:path";
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";
import { isObject } from "../../shared/encoding/json.ts";
import { err, type Result } from "../../shared/result.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { encodeVkey, type Vkey } from "../../shared/trust/vkey.ts";
import { openStateDirectory, type StateDirectory } from "../deployment/state-directory.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { parsePolicyText, readPolicyFile } from "./policy-file.ts";
import { answer, note, refuse, type Trouble } from "./say.ts";
import { findStateFolder, newestPolicy } from "./state-folder.ts";

export const policyShow: Command = {
  name: "policy show",
  summary: "show which keys sign what, and how many have to approve",
  examples: ["flagmesh policy show", "flagmesh policy show policies/acme/production/1.json --format json"],
  declare(command) {
    command
      .argument("[file]", "a policy (default: the newest of the mesh in the state directory)")
      .option("--state <directory>", "of the control plane (default: .flagmesh/ here or above)");
  },
  async run(call) {
    const [file] = call.args;
    const policy = file === undefined ? readFromState(call) : await readPolicyFile(call, file);
    if (!policy.ok) return refuse(call, exitCodes.refused, policy.error);
    const { value, text } = describePolicy(policy.value);
    answer(call, value, text);
    warnOfTrust(call, policy.value);
    return exitCodes.fine;
  },
};

function readFromState({ context, global, options }: Call): Result<MeshPolicy, Trouble> {
  const given = options["state"];
  const directory =
    typeof given === "string"
      ? openStateDirectory(path.resolve(context.cwd, given), false)
      : (findStateFolder(global.dir) ?? findStateFolder(context.cwd));
  if (directory === undefined) {
    const hint = "name a policy's file, or the control plane's directory with --state";
    return err({ code: "no_state", message: "there is no .flagmesh/ here or above", hint });
  }
  const meshes = global.mesh === undefined ? meshesIn(directory) : [global.mesh];
  const [mesh, second] = meshes;
  if (mesh === undefined || second !== undefined) {
    const there = mesh === undefined ? "none is there" : `there are ${meshes.join(", ")}`;
    return err({ code: "mesh_missing", message: `which mesh? Pass --mesh: ${there}` });
  }
  const text = newestPolicy(directory, mesh);
  return text === undefined
    ? err({ code: "policy_missing", message: `${directory.path} has no policy of ${mesh}` })
    : parsePolicyText(text, `the policy of ${mesh} in ${directory.path}`);
}

function meshesIn({ files, read }: StateDirectory): readonly MeshId[] {
  try {
    const json: unknown = JSON.parse(read(files.deployment) ?? "null");
    return isObject(json) && isObject(json["meshes"]) ? Object.keys(json["meshes"]).filter(isMeshId) : [];
  } catch {
    return [];
  }
}

/** A policy for programs, and for people. */
export function describePolicy(policy: MeshPolicy): { readonly value: object; readonly text: string } {
  const { origin, number, digest, log, freshness, approvers, overrides, witnesses } = policy;
  const value = {
    origin,
    number,
    digest,
    log: encodeVkey(log),
    freshness: encodeVkey(freshness),
    approvers: { threshold: approvers.threshold, keys: approvers.keys.map(encodeVkey) },
    overrides: overrides.map(encodeVkey),
    witnesses: { quorum: witnesses.quorum, keys: witnesses.keys.map(encodeVkey) },
  };
  const lines = [
    `${origin}: policy ${number}`,
    `  digest     ${digest}`,
    `  log        ${value.log}`,
    "             signs the release log; held by the control plane",
    `  freshness  ${value.freshness}`,
    "             signs that the newest release is the newest; held by the control plane",
    ...group(
      "approvers",
      countText(approvers.threshold, approvers.keys, "have to approve each revision"),
      approvers.keys,
    ),
    ...group("overrides", overrides.length === 0 ? "nobody may" : "may sign override tokens for testers", overrides),
    ...group("witnesses", countText(witnesses.quorum, witnesses.keys, "have to cosign the log"), witnesses.keys),
  ];
  return { value, text: lines.join("\n") };
}

const countText = (wanted: number, keys: readonly Vkey[], what: string): string =>
  wanted === 0 ? "nobody has to" : `${wanted} of ${keys.length} ${what}`;

const group = (name: string, what: string, keys: readonly Vkey[]): readonly string[] => [
  `  ${name.padEnd(11)}${what}`,
  ...keys.map((key) => `             ${encodeVkey(key)}`),
];

/** What a policy leaves to trust, said where it is made and shown. */
export function warnOfTrust(call: Call, { approvers }: MeshPolicy): void {
  if (approvers.threshold === 0) {
    note(call, "warning: nobody has to approve: whoever holds the control plane decides what users are served");
  } else if (approvers.threshold === 1) {
    note(call, "note: one approval is enough, so one stolen key is too");
  }
}
