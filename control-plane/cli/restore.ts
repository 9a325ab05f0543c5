/** `flagmesh restore`: publishes the log again from the anchor, after Redis was emptied, restored or failed over. */
import type { Command } from "./command.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer } from "./say.ts";

export const restore: Command = {
  name: "restore",
  summary: "publish the log again from the anchor, when the store was rolled back",
  examples: ["flagmesh restore --mesh acme/production"],
  async run(call) {
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const sent = await remote.value.send({ method: "POST", path: "/restore" });
    if (!sent.ok) return refused(call, sent.error);
    const { restored } = sent.value as { restored: number };
    answer(call, sent.value, `${remote.value.mesh}: ${restored} releases are in the store again, as they were signed`);
    return exitCodes.fine;
  },
};
