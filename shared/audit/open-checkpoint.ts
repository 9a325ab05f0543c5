/**
 * A checkpoint that a stranger shows: believed where a log key of the auditor's policies signed it, and as many witnesses
 * as that policy asks for.
 */
import { checkWitnesses } from "../acceptance/witnesses.ts";
import { err, ok, type Result } from "../result.ts";
import { parseCheckpoint, type Checkpoint } from "../trust/checkpoint.ts";
import { cosignedTime } from "../trust/freshness.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import { isSignedBy, parseSignedNote } from "../trust/signed-note.ts";
import { offence, offenceOf, type Offence } from "./offence.ts";

export interface OpenedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** The newest one whose log key signed. */
  readonly policy: MeshPolicy;
  /** Unix seconds at which the freshness key called it the newest; absent where it didn't. */
  readonly freshAt?: number;
}

/** @param policies oldest first, all of the origin's */
export async function openCheckpoint(
  note: string,
  origin: string,
  policies: readonly MeshPolicy[],
): Promise<Result<OpenedCheckpoint, Offence>> {
  const parsed = parseSignedNote(note);
  const checkpoint = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
  if (!parsed.ok || !checkpoint.ok) {
    return err(offence("checkpoint_malformed", "the checkpoint is no signed tree head"));
  }
  if (checkpoint.value.origin !== origin) {
    return err(offence("origin_mismatch", `wanted a checkpoint of ${origin}, found one of ${checkpoint.value.origin}`));
  }
  for (const policy of policies.toReversed()) {
    if (policy.origin !== origin || !(await isSignedBy(policy.log, parsed.value))) continue;
    const unwitnessed = await checkWitnesses(policy, parsed.value);
    if (unwitnessed !== undefined) return err(offenceOf(unwitnessed));
    const { text, signatures } = parsed.value;
    const freshAt = await cosignedTime(policy.freshness, text, signatures);
    return ok({ note, checkpoint: checkpoint.value, policy, ...(freshAt === undefined ? {} : { freshAt }) });
  }
  return err(offence("log_signature_invalid", `no log key that you trust signed the checkpoint of ${origin}`));
}
