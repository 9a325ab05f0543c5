/** Step 2 of acceptance, the witnesses: others who saw this very root, and so would notice a second one. */
import { cosignedTime } from "../trust/freshness.ts";
import type { MeshPolicy } from "../trust/mesh-policy.ts";
import type { SignedNote } from "../trust/signed-note.ts";
import { refusal, type Refusal } from "./refusal.ts";

/** So many distinct witnesses as the policy asks for have cosigned the checkpoint, at whatever time: they vouch for the root. */
export async function checkWitnesses({ witnesses }: MeshPolicy, note: SignedNote): Promise<Refusal | undefined> {
  const { quorum, keys } = witnesses;
  if (quorum === 0) return undefined;
  const times = await Promise.all(keys.map((key) => cosignedTime(key, note.text, note.signatures)));
  const found = times.filter((time) => time !== undefined).length;
  return found >= quorum ? undefined : refusal("witnesses_insufficient", `${found} of ${quorum} witnesses cosigned`);
}
