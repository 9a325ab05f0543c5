/** `flagmesh show`: one release, who made and approved it, and what it changed. */
import { parseSignatureLine } from "../../shared/trust/signed-note.ts";
import type { ReleaseSummary } from "../engine/release-summary.ts";
import type { Command } from "./command.ts";
import { compare, comparisonLines, operated } from "./compare.ts";
import { contentOf, readRelease } from "./content-at.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { momentText } from "./moment.ts";
import { answer, refuse } from "./say.ts";
import { visible } from "./visible-text.ts";

export const show: Command = {
  name: "show",
  summary: "show one release: who made it, who signed for it, and what it changed",
  examples: ["flagmesh show 41", "flagmesh show 41 --format json"],
  declare: (command) => command.argument("<release>", "its number"),
  async run(call) {
    const number = call.args[0] ?? "";
    if (!/^(?:0|[1-9]\d{0,14})$/.test(number)) {
      return refuse(call, exitCodes.usage, { code: "bad_release", message: `${number} is no number of a release` });
    }
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const release = await readRelease(call, remote.value, number);
    if (!release.ok) return release.error;
    const after = await contentOf(call, remote.value, release.value);
    if (!after.ok) return after.error;
    const previous = number === "0" ? undefined : await readRelease(call, remote.value, String(Number(number) - 1));
    if (previous?.ok === false) return previous.error;
    const before = previous === undefined ? undefined : await contentOf(call, remote.value, previous.value);
    if (before?.ok === false) return before.error;
    const changes = compare(before?.value ?? { entries: new Map(), overlay: {} }, after.value);
    const heading = before === undefined ? "It is the first; it has" : `Since ${before.value.name}`;
    const lines = [...releaseLines(release.value), heading, ...comparisonLines(changes).map((line) => `  ${line}`)];
    answer(call, { ...release.value, changes }, lines.join("\n"));
    return exitCodes.fine;
  },
};

function releaseLines(summary: ReleaseSummary): readonly string[] {
  const { origin, release, revision, time, actor, message, overlay, approvals, policy, configRoot, logRoot } = summary;
  const signers = approvals.signatures.map((line) => {
    const signature = parseSignatureLine(line);
    return signature.ok ? visible(signature.value.name) : "a line that can't be read";
  });
  const operations = Object.entries(overlay).map(([flag, change]) => `${visible(flag)} ${operated(change)}`);
  return [
    `${origin}: release ${release}, revision ${revision}${summary.published ? "" : " (not yet published)"}`,
    `  made       ${momentText(time)}, by ${visible(actor)}${message === "" ? "" : `: ${visible(message)}`}`,
    // Whether the signatures are valid is for `flagmesh audit` and `verify`.
    `  signed by  ${signers.length === 0 ? "no approver" : signers.join(", ")}; policy ${policy.number}`,
    `  operators  ${operations.length === 0 ? "changed nothing" : operations.join(", ")}`,
    `  roots      config ${configRoot}, log ${logRoot}`,
  ];
}
