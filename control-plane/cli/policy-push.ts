/** `flagmesh policy push`: brings a signed policy into force. */
import path from "node:path";
import type { Command } from "./command.ts";
import { describeRelease, messageHeader, reach, refused, type ReleaseAnswer } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { readLockText } from "./lock-file-on-disk.ts";
import { readPolicyFile } from "./policy-file.ts";
import { answer, refuse } from "./say.ts";

export const policyPush: Command = {
  name: "policy push",
  summary: "bring a signed policy into force, with a release of its own",
  examples: [
    "flagmesh policy push policy-2.json",
    "flagmesh policy push policy-2.json --with-lock --dir examples/shop",
  ],
  declare(command) {
    command
      .argument("<file>", "the policy, signed")
      .option(
        "--with-lock",
        "send flagmesh.lock along, with the new approvers' approvals of the revision in force",
        false,
      )
      .option("-m, --message <text>", "why, for the release log");
  },
  async run(call) {
    const policy = await readPolicyFile(call, path.resolve(call.context.cwd, call.args[0] ?? ""));
    if (!policy.ok) return refuse(call, exitCodes.refused, policy.error);
    const lock = call.options["withLock"] === true ? await readLockText(call.global.dir) : undefined;
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const sent = await remote.value.send({
      method: "POST",
      path: "/policy",
      body: { policy: policy.value.text, lock: lock ?? null },
      headers: messageHeader(call.options["message"]),
    });
    if (!sent.ok) return refused(call, sent.error);
    const released = sent.value as ReleaseAnswer;
    answer(call, released, `policy ${policy.value.number}: ${describeRelease(released)}`);
    return exitCodes.fine;
  },
};
