/** `flagmesh policy next`: a draft of the policy that follows the one in force, with new keys where it is asked for. */
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { toHex } from "../../shared/encoding/bytes.ts";
import {
  encodeMeshPolicy,
  parseMeshPolicy,
  policyMessage,
  type UnsignedPolicy,
} from "../../shared/trust/mesh-policy.ts";
import { encodeSignatureLine } from "../../shared/trust/signed-note.ts";
import { cosignatureType, ed25519Type, encodeVkey, type KeyType } from "../../shared/trust/vkey.ts";
import { findKeys } from "../deployment/authority.ts";
import { openStateDirectory, type StateDirectory } from "../deployment/state-directory.ts";
import { newKey } from "../keys/new-key.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { parsePolicyText } from "./policy-file.ts";
import { describePolicy } from "./policy-show.ts";
import { answer, note, refuse } from "./say.ts";
import { newestPolicy } from "./state-folder.ts";

export const policyNext: Command = {
  name: "policy next",
  summary: "draft the next policy: new keys, other approvers; it is signed, then pushed",
  examples: [
    "flagmesh policy next --mesh acme/production --rotate-log --out policy-2.json",
    "flagmesh policy next --mesh acme/production --approver $ALICE $DORA --threshold 2 --out policy-2.json",
  ],
  declare(command) {
    command
      .option("--rotate-log", "a new log key", false)
      .option("--rotate-freshness", "a new freshness key", false)
      .option("--approver <vkey...>", "who approves from then on (default: as before)")
      .option("--threshold <count>", "how many of them have to (default: as before)")
      .option("--state <directory>", "of the control plane: keys, policies", ".flagmesh")
      .requiredOption("--out <file>", "where the draft is written");
  },
  async run(call) {
    const { context, global, options } = call;
    const { mesh } = global;
    if (mesh === undefined) {
      return refuse(call, exitCodes.usage, { code: "mesh_missing", message: "which mesh? Pass --mesh" });
    }
    const directory = openStateDirectory(path.resolve(context.cwd, String(options["state"])), false);
    const text = newestPolicy(directory, mesh);
    if (text === undefined) {
      return refuse(call, exitCodes.refused, {
        code: "policy_missing",
        message: `${directory.path} has no policy of ${mesh}`,
      });
    }
    const current = parsePolicyText(text, `the policy of ${mesh}`);
    if (!current.ok) return refuse(call, exitCodes.refused, current.error);
    const out = path.resolve(context.cwd, String(options["out"]));
    if (existsSync(out))
      return refuse(call, exitCodes.refused, { code: "file_present", message: `${out} is there already` });

    const { unsigned, number, digest, approvers } = current.value;
    const makeKey = (name: string, type: KeyType): string => keptKey(directory, mesh, name, type);
    const draft: UnsignedPolicy = {
      ...unsigned,
      number: number + 1,
      previous: digest,
      log: options["rotateLog"] === true ? makeKey(current.value.log.name, ed25519Type) : unsigned.log,
      freshness:
        options["rotateFreshness"] === true
          ? makeKey(current.value.freshness.name, cosignatureType)
          : unsigned.freshness,
      approvers: {
        threshold: options["threshold"] === undefined ? approvers.threshold : Number(options["threshold"]),
        keys: (options["approver"] as string[] | undefined) ?? [...unsigned.approvers.keys],
      },
    };
    // Where nobody had to approve, whoever holds the log key may name the next policy.
    const keys = approvers.threshold === 0 ? findKeys(directory, mesh, current.value) : undefined;
    const signatures = keys === undefined ? [] : [encodeSignatureLine(keys.log.signNote(policyMessage(draft)))];
    const next = parseMeshPolicy(encodeMeshPolicy(draft, signatures));
    if (!next.ok)
      return refuse(call, exitCodes.refused, { code: next.error, message: "that makes no policy that can be used" });
    writeFileSync(out, next.value.text, { flag: "wx" });
    const described = describePolicy(next.value);
    answer(call, described.value, described.text);
    note(
      call,
      `drafted in ${out}: who signs by policy ${number}, and its own approvers, sign it (flagmesh policy sign), then flagmesh policy push`,
    );
    return exitCodes.fine;
  },
};

/** A new key, kept beside the present one. Returns its public part. */
function keptKey(
  { files, write }: StateDirectory,
  mesh: Parameters<StateDirectory["keys"]>[0],
  name: string,
  type: KeyType,
): string {
  const { key, text } = newKey(name, type);
  write(files.laterKey(mesh, toHex(key.vkey.keyId)), `${text}\n`);
  return encodeVkey(key.vkey);
}
