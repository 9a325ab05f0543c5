/** Step 3 of acceptance: when a checkpoint was last known to be the newest. */
import { digestOf } from "../encoding/digest.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { cosignedTime, parseRenewal } from "../trust/freshness.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import type { SignedNote } from "../trust/signed-note.ts";
import { refusal, type Refusal } from "./refusal.ts";

/** The newest valid time among the checkpoint's own cosignature and the renewal. */
export async function readFreshness(
  policy: MeshPolicy,
  note: SignedNote,
  renewalText: string | null,
  now: number,
): Promise<{ at?: number; fault?: Refusal }> {
  const signedAt = await cosignedTime(policy.freshness, note.text, note.signatures);
  const renewed = renewalText === null ? ok(undefined) : await readRenewal(policy, note, renewalText);
  const times = [signedAt, renewed.ok ? renewed.value : undefined].filter((time) => time !== undefined);
  const past = times.filter((time) => time <= now + limits.futureSecondsMax);
  const fault = !renewed.ok
    ? renewed.error
    : past.length < times.length
      ? refusal("freshness_in_future", `freshness of ${Math.max(...times)}, it is ${now}`)
      : undefined;
  return { ...(past.length > 0 ? { at: Math.max(...past) } : {}), ...(fault === undefined ? {} : { fault }) };
}

async function readRenewal(
  policy: MeshPolicy,
  note: SignedNote,
  text: string,
): Promise<Result<number | undefined, Refusal>> {
  const renewal = parseRenewal(text);
  if (!renewal.ok) return err(refusal("freshness_malformed", "the renewal of freshness can't be read"));
  // Of another checkpoint: the head was replaced between two renewals.
  if (renewal.value.checkpoint !== digestOf(note.text)) return ok(undefined);
  const time = await cosignedTime(policy.freshness, note.text, [renewal.value.signature]);
  return time === undefined
    ? err(refusal("freshness_signature_invalid", `the renewal is not signed by ${policy.freshness.name}`))
    : ok(time);
}
