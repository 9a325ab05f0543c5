/**
 * Step 2 of acceptance, the policies: from the one that the statement names back to one that is known (the newest that
 * was believed, or the first, which the deployment pins), each following the one before as both demand.
 */
import { digestOf, type Digest } from "../encoding/digest.ts";
import { exceedsBytes } from "../encoding/bytes.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { parseMeshPolicy, type MeshPolicy } from "../trust/mesh-policy.ts";
import { missingForSuccession } from "../trust/policy-succession.ts";
import type { Statement } from "../trust/statement.ts";
import { refusal, type Refusal } from "./refusal.ts";
import { textOrNull, type StoreReads } from "./verified-release.ts";

export interface PolicyChain {
  readonly inForce: MeshPolicy;
  /** From the one that the deployment pins to the one in force. */
  readonly policies: readonly MeshPolicy[];
}

/** @param believed the chain up to the policy of the newest release that was believed; empty: the pinned one is where it begins */
export async function readPolicies(
  named: Statement["policy"],
  believed: readonly MeshPolicy[],
  pins: MeshPins,
  reads: Pick<StoreReads, "policy">,
): Promise<Result<PolicyChain, Refusal>> {
  const known = believed.at(-1);
  if (known !== undefined && named.number < known.number) {
    return err(refusal("policy_older", `policy ${named.number}, policy ${known.number} is known`));
  }
  const begin = known?.digest ?? pins.policy;
  const walked: MeshPolicy[] = [];
  let wanted: Digest | null = named.digest;
  for (let number = named.number; walked.at(-1)?.digest !== begin; number--) {
    if (wanted === null || number < (known?.number ?? 1) || walked.length >= limits.policiesWalkedMax) {
      return err(refusal("policy_unpinned", `policy ${named.number}, ${named.digest}, doesn't lead back to ${begin}`));
    }
    const policy: Result<MeshPolicy, Refusal> =
      known?.digest === wanted && known.number === number ? ok(known) : await readPolicy(number, wanted, pins, reads);
    if (!policy.ok) return policy;
    walked.push(policy.value);
    wanted = policy.value.previous;
  }
  const chain = walked.toReversed();
  for (const [i, next] of chain.entries()) {
    const previous = chain[i - 1];
    const missing = previous === undefined ? undefined : await missingForSuccession(previous, next);
    if (missing !== undefined) return err(refusal("policy_unsigned", `policy ${next.number}: ${missing}`));
  }
  const [inForce] = walked;
  if (inForce === undefined) throw new Error("a chain has at least the policy that it begins with");
  return ok({ inForce, policies: [...believed.slice(0, -1), ...chain] });
}

async function readPolicy(
  number: number,
  digest: Digest,
  pins: MeshPins,
  reads: Pick<StoreReads, "policy">,
): Promise<Result<MeshPolicy, Refusal>> {
  const text = textOrNull(await reads.policy(digest));
  if (text === null) return err(refusal("policy_missing", `the store has no policy ${number}`));
  if (exceedsBytes(text, limits.policyBytesMax) || digestOf(text) !== digest) {
    return err(refusal("policy_unpinned", `the stored policy ${number} doesn't have the digest ${digest}`));
  }
  const policy = parseMeshPolicy(text);
  if (!policy.ok) return err(refusal("policy_invalid", `policy ${number}: ${policy.error}`));
  if (policy.value.origin !== pins.origin || policy.value.number !== number) {
    return err(refusal("policy_invalid", `policy ${policy.value.number} of ${policy.value.origin}`));
  }
  return policy;
}
