/** What an operator's change makes of the overlay, or why it may not be made. */
import type { FlagEntry } from "../../shared/document/entry.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { stepAt, type Overlay, type OverlayChange } from "../../shared/trust/overlay.ts";
import type { EngineFault } from "./fault.ts";
import type { MeshState } from "./mesh-state.ts";

/** @param change `undefined` takes back what the overlay changes of the flag */
export function changeOverlay(
  { overlay, entries }: Pick<MeshState, "overlay" | "entries">,
  flag: string,
  change: OverlayChange | undefined,
): Result<Overlay, EngineFault> {
  const entry = entries.get(`flag:${flag}`) as FlagEntry | undefined;
  if (entry === undefined) return err({ code: "flag_unknown", message: `there is no flag ${flag}` });
  const { [flag]: present, ...others } = overlay;
  if (change === undefined) return ok(others);
  if ("stage" in change) {
    if (stepAt(entry, change.stage) === undefined)
      return err({ code: "stage_unknown", message: unknown(flag, entry, change.stage) });
    if (present !== undefined && "kill" in present) {
      return err({ code: "flag_killed", message: `${flag} is killed: revive it first, then move it` });
    }
  }
  return ok({ ...others, [flag]: change });
}

function unknown(flag: string, { rollout }: FlagEntry, percent: number): string {
  const steps = rollout !== undefined && "steps" in rollout ? rollout.steps : [];
  const known = steps.length === 0 ? "it has none" : `they are ${steps.map((step) => `${step / 1_000} %`).join(", ")}`;
  return `${percent} % is not among the approved steps of ${flag}: ${known}`;
}
