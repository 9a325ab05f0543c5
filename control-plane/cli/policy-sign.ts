/** `flagmesh policy sign`: adds a signature to a drafted policy, shown before it is signed. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodeMeshPolicy, policyMessage } from "../../shared/trust/mesh-policy.ts";
import { encodeSignatureLine, signaturesBy } from "../../shared/trust/signed-note.ts";
import { readApproverKey } from "./approver-key.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { parsePolicyText } from "./policy-file.ts";
import { describePolicy } from "./policy-show.ts";
import { answer, note, refuse } from "./say.ts";

export const policySign: Command = {
  name: "policy sign",
  summary: "sign a drafted policy, as an approver of the one before or of itself",
  examples: ["flagmesh policy sign policy-2.json --key alice.key"],
  declare(command) {
    command.argument("<file>", "the draft").requiredOption("--key <file>", "an approver's private key");
  },
  async run(call) {
    const file = path.resolve(call.context.cwd, call.args[0] ?? "");
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return refuse(call, exitCodes.refused, { code: "policy_missing", message: `${file} can't be read` });
    }
    const policy = parsePolicyText(text, file);
    if (!policy.ok) return refuse(call, exitCodes.refused, policy.error);
    const key = await readApproverKey(call, String(call.options["key"]));
    if (!key.ok) return refuse(call, exitCodes.refused, key.error);
    const { unsigned, signatures, number } = policy.value;
    const described = describePolicy(policy.value);
    if (signaturesBy(key.value.vkey, signatures).length > 0) {
      note(call, `${key.value.vkey.name} has signed it already`);
      return exitCodes.fine;
    }
    const lines = [...signatures, key.value.signNote(policyMessage(unsigned))].map(encodeSignatureLine);
    writeFileSync(file, encodeMeshPolicy(unsigned, lines));
    answer(call, described.value, described.text);
    note(call, `${key.value.vkey.name} has signed policy ${number}: ${lines.length} signature(s)`);
    return exitCodes.fine;
  },
};
