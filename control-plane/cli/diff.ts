/** `flagmesh diff`: what changes between two releases, or from the newest to what is at hand. */
import type { Command } from "./command.ts";
import { compare, comparisonLines } from "./compare.ts";
import { contentAt, pointsHelp } from "./content-at.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer } from "./say.ts";

export const diff: Command = {
  name: "diff",
  summary: "show what changes, entry by entry, and the exact share of users that it moves",
  examples: ["flagmesh diff", "flagmesh diff 3 5", "flagmesh diff newest lock --dir examples/shop"],
  declare(command) {
    command
      .argument("[from]", pointsHelp, "newest")
      .argument("[to]", pointsHelp, "files")
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const from = await contentAt(call, remote.value, call.args[0] ?? "newest");
    if (!from.ok) return from.error;
    const to = await contentAt(call, remote.value, call.args[1] ?? "files");
    if (!to.ok) return to.error;
    const comparison = compare(from.value, to.value);
    const heading = `${remote.value.mesh}: ${from.value.name} → ${to.value.name}`;
    const lines = comparisonLines(comparison).map((line) => `  ${line}`);
    answer(call, { from: from.value.name, to: to.value.name, ...comparison }, [heading, ...lines].join("\n"));
    return exitCodes.fine;
  },
};
