/** `flagmesh history`: the release log, newest first. */
import type { ReleaseSummary } from "../engine/release-summary.ts";
import type { Command } from "./command.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer } from "./say.ts";

export const history: Command = {
  name: "history",
  summary: "list releases, newest first",
  examples: ["flagmesh history", "flagmesh history --format json"],
  async run(call) {
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const sent = await remote.value.send({ method: "GET", path: "/releases" });
    if (!sent.ok) return refused(call, sent.error);
    const { releases, next } = sent.value as { releases: readonly ReleaseSummary[]; next?: string };
    const lines = releases.map(describe);
    if (next !== undefined) lines.push("… older releases are in the log");
    answer(call, sent.value, lines.join("\n"));
    return exitCodes.fine;
  },
};

function describe({ release, revision, time, actor, message, overlay, published }: ReleaseSummary): string {
  const changes = Object.entries(overlay).map(([flag, change]) =>
    "kill" in change ? `${flag} killed` : `${flag} at ${change.stage} %`,
  );
  const parts = [
    `${release}  revision ${revision}  ${new Date(time * 1_000).toISOString()}  ${printable(actor)}`,
    ...(message === "" ? [] : [printable(message)]),
    ...(changes.length === 0 ? [] : [`[${changes.map(printable).join(", ")}]`]),
    ...(published ? [] : ["(not yet published)"]),
  ];
  return parts.join("  ");
}

/** A message is somebody else's text, and a terminal must not be told what to do by it. */
const printable = (text: string): string => text.replace(/\p{Cc}+/gu, " ");
