/** What an auditor believes beforehand, and which mesh policies follow from it. */
import { err, ok, type Result } from "../result.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { parseMeshPolicy, type MeshPolicy } from "../trust/mesh-policy.ts";
import { missingForSuccession } from "../trust/policy-succession.ts";
import type { Statement } from "../trust/statement.ts";
import { offence, type Offence } from "./offence.ts";

export interface Trust {
  /** Believed as they are: the auditor brought them. */
  readonly policies: readonly MeshPolicy[];
  /** Of the deployment policy, where the auditor has it: names the mesh's first policy by its digest. */
  readonly pins?: MeshPins | undefined;
}

/**
 * The policies that are believed, oldest first: those that were brought; of a stranger's texts the one that is pinned; and
 * whatever follows one of these, signed as both demand.
 */
export async function believedPolicies(
  { policies, pins }: Trust,
  texts: readonly string[],
): Promise<readonly MeshPolicy[]> {
  const believed = new Map(policies.map((policy) => [policy.digest, policy]));
  const candidates = texts.flatMap((text) => {
    const policy = parseMeshPolicy(text);
    return policy.ok ? [policy.value] : [];
  });
  for (const policy of candidates.sort(byNumber)) {
    const previous = policy.previous === null ? undefined : believed.get(policy.previous);
    const follows = previous !== undefined && (await missingForSuccession(previous, policy)) === undefined;
    if (follows || policy.digest === pins?.policy) believed.set(policy.digest, policy);
  }
  return [...believed.values()].filter(({ origin }) => pins === undefined || origin === pins.origin).sort(byNumber);
}

const byNumber = (a: MeshPolicy, b: MeshPolicy): number => a.number - b.number;

/** The policy that a statement names, if it is believed and of the same log. */
export function policyOf(
  { policy: named, origin, release }: Statement,
  believed: readonly MeshPolicy[],
): Result<MeshPolicy, Offence> {
  const policy = believed.find(({ digest }) => digest === named.digest);
  if (policy === undefined) {
    return err(offence("policy_unpinned", `policy ${named.number} (${named.digest}) is not one you trust`, release));
  }
  if (policy.origin !== origin || policy.number !== named.number) {
    const found = `policy ${policy.number} of ${policy.origin}`;
    return err(offence("policy_invalid", `${origin} names ${found} as its policy ${named.number}`, release));
  }
  return ok(policy);
}
