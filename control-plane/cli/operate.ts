/** `flagmesh kill`, `revive` and `stage`: what operators may do to a flag without a new revision. */
import type { Command } from "./command.ts";
import {
  describeRelease,
  messageHeader,
  reach,
  rebucketedLines,
  refused,
  type ReleaseAnswer,
  type Request,
} from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer, refuse } from "./say.ts";

const message = ["-m, --message <text>", "why, for the release log"] as const;

export const kill: Command = {
  name: "kill",
  summary: "send everyone to a flag's default variant, at once",
  examples: ['flagmesh kill new-checkout -m "orders fail"'],
  declare: (command) => command.argument("<flag>").option(...message),
  run: (call) => operate(call, "kill"),
};

export const revive: Command = {
  name: "revive",
  summary: "take back a kill or a stage: serve the flag as it is locked",
  examples: ["flagmesh revive new-checkout"],
  declare: (command) => command.argument("<flag>").option(...message),
  run: (call) => operate(call, "revive"),
};

export const stage: Command = {
  name: "stage",
  summary: "move a flag to another percent of its approved steps",
  examples: ["flagmesh stage new-search 50"],
  declare: (command) =>
    command
      .argument("<flag>")
      .argument("<percent>", "one of the flag's steps")
      .option(...message),
  async run(call) {
    const text = call.args[1] ?? "";
    if (!/^\d{1,3}(?:\.\d{1,3})?%?$/.test(text)) {
      return refuse(call, exitCodes.usage, { code: "bad_percent", message: `${text} is no percent, e.g. 12.5` });
    }
    return operate(call, "stage", { percent: Number(text.replace("%", "")) });
  },
};

async function operate(call: Parameters<Command["run"]>[0], verb: string, body?: Request["body"]) {
  const remote = reach(call);
  if (!remote.ok) return refused(call, remote.error);
  const flag = call.args[0] ?? "";
  const sent = await remote.value.send({
    method: "POST",
    path: `/flags/${encodeURIComponent(flag)}/${verb}`,
    body,
    headers: messageHeader(call.options["message"]),
  });
  if (!sent.ok) return refused(call, sent.error);
  const released = sent.value as ReleaseAnswer;
  answer(call, released, [`${flag}: ${describeRelease(released)}`, ...rebucketedLines(released)].join("\n"));
  return exitCodes.fine;
}
