/** The policies of a kept copy, by digest: the chain from the pinned one to the one in force, as a store would answer. */
import { digestOf, type Digest } from "../../shared/encoding/digest.ts";

export const policyReader =
  (texts: readonly string[]) =>
  async (digest: Digest): Promise<string | null> =>
    texts.find((text) => digestOf(text) === digest) ?? null;
