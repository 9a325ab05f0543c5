/** `flagmesh status`: what is in force now, flag by flag, and whether the store agrees. */
import type { FlagState } from "../engine/flag-states.ts";
import type { Command } from "./command.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer } from "./say.ts";

interface Flags {
  readonly release: number;
  readonly revision: number;
  readonly flags: readonly FlagState[];
}

export const status: Command = {
  name: "status",
  summary: "show the newest release and the state of every flag",
  examples: ["flagmesh status", "flagmesh status --format json"],
  async run(call) {
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const { mesh, send } = remote.value;
    const flags = await send({ method: "GET", path: "/flags" });
    if (!flags.ok) return refused(call, flags.error);
    const health = await send({ method: "GET", path: "/health" });
    const state = flags.value as Flags;
    const store = health.ok ? "ok" : health.error.code;
    const lines = [
      `${mesh}: release ${state.release}, revision ${state.revision}, store ${store}`,
      ...state.flags.map(describe),
    ];
    answer(call, { mesh, store, ...state }, lines.join("\n"));
    return health.ok ? exitCodes.fine : refused(call, health.error);
  },
};

function describe({ key, status, shares, steps, overlay }: FlagState): string {
  const dealt = Object.entries(shares).map(([variant, percent]) => `${variant} ${percent} %`);
  const plan = steps.length === 0 ? "" : ` (steps ${steps.join(", ")})`;
  const moved = overlay === null || "kill" in overlay ? "" : ", staged";
  return `  ${key}: ${status}${moved}; ${dealt.join(", ") || "no default"}${plan}`;
}
