/** What an auditor believes beforehand, and which mesh policies follow from it. */
import { digestOf } from "../encoding/digest.ts";
import { err, ok, type Result } from "../result.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { parseMeshPolicy, type MeshPolicy } from "../trust/mesh-policy.ts";
import type { Statement } from "../trust/statement.ts";
import { offence, type Offence } from "./offence.ts";

export interface Trust {
  /** Believed as they are: the auditor brought them. */
  readonly policies: readonly MeshPolicy[];
  /** Of the deployment policy, where the auditor has it: names the mesh's first policy by its digest. */
  readonly pins?: MeshPins | undefined;
}

/** The policies that are believed, oldest first: those that were brought, and of a stranger's texts those that are pinned. */
export async function believedPolicies(
  { policies, pins }: Trust,
  texts: readonly string[],
): Promise<readonly MeshPolicy[]> {
  const believed = new Map(policies.map((policy) => [policy.digest, policy]));
  for (const text of texts) {
    const digest = digestOf(text);
    const policy = digest === pins?.policy && !believed.has(digest) ? parseMeshPolicy(text) : undefined;
    if (policy?.ok === true) believed.set(digest, policy.value);
  }
  return [...believed.values()]
    .filter(({ origin }) => pins === undefined || origin === pins.origin)
    .sort((a, b) => a.number - b.number);
}

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
