/**
 * How one mesh policy follows another: signed by as many approvers as the old one asks for, and as many as the new one
 * asks for. Where the old one asks for none, its log key signs: whoever holds it was trusted with everything anyway.
 */
import { policyMessage, type MeshPolicy } from "./mesh-policy.ts";
import { isSignedBy } from "./signed-note.ts";
import type { Vkey } from "./vkey.ts";

/** What is missing for `next` to follow `previous`, in a sentence; `undefined` where nothing is. */
export async function missingForSuccession(previous: MeshPolicy, next: MeshPolicy): Promise<string | undefined> {
  if (next.origin !== previous.origin) return `it is of ${next.origin}, not ${previous.origin}`;
  if (next.number !== previous.number + 1 || next.previous !== previous.digest) {
    return `policy ${next.number} doesn't follow policy ${previous.number}, ${previous.digest}`;
  }
  const { threshold, keys } = previous.approvers;
  const [wanted, signers] = threshold === 0 ? [1, [previous.log]] : [threshold, keys];
  const byOld = await countSigners(next, signers);
  if (byOld < wanted) return `${byOld} of ${wanted} who sign by policy ${previous.number} have signed`;
  const byNew = await countSigners(next, next.approvers.keys);
  return byNew < next.approvers.threshold
    ? `${byNew} of ${next.approvers.threshold} approvers that it names have signed`
    : undefined;
}

/** How many of these keys have validly signed a policy. Distinct, as a policy's keys are. */
export async function countSigners({ unsigned, signatures }: MeshPolicy, signers: readonly Vkey[]): Promise<number> {
  const note = { text: policyMessage(unsigned), signatures };
  let signed = 0;
  for (const key of signers) if (await isSignedBy(key, note)) signed++;
  return signed;
}
