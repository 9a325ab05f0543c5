/** What can be wrong between the anchor and Redis, and how a failure of the client is told. */
import { err, ok, type Result } from "../../shared/result.ts";
import { AnchorError, type AnchoredRelease } from "./anchor.ts";

export type PublishFault =
  /** Nothing was signed. */
  | { readonly code: "store_unreachable"; readonly message: string }
  /** Redis doesn't hold what was signed: it was emptied, restored, failed over or altered. Nothing was signed. */
  | { readonly code: "store_rolled_back"; readonly message: string }
  /** Redis holds what this log's key signed and the anchor doesn't know: the anchor was lost or restored. Nothing was signed. */
  | { readonly code: "anchor_behind"; readonly message: string }
  /** Somebody else's release came first. Nothing was signed. */
  | { readonly code: "conflict"; readonly winner: AnchoredRelease }
  /** Signed and anchored, but not in Redis: it is published when Redis is back, or restored. */
  | { readonly code: "publish_pending"; readonly release: number; readonly message: string };

export const rolledBack = (newest: AnchoredRelease, found: string): PublishFault => ({
  code: "store_rolled_back",
  message: `release ${newest.size - 1} was signed, but Redis doesn't hold it (${found}). \`flagmesh restore\` publishes the log again from the anchor`,
});

/** Every command goes through here, so that a store that is away is one outcome, not an exception. */
export async function reach<T>(work: () => Promise<T>): Promise<Result<T, PublishFault>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof AnchorError) throw error;
    return err({ code: "store_unreachable", message: describe(error) });
  }
}

const messageCharsMax = 300;

/** The client repeats the command in its messages, and so locks with their seeds, which nobody but their owner may see. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "Redis can't be reached";
  const [said = ""] = error.message.split(", command was: ", 1);
  const cause = error.cause instanceof Error && error.cause.message !== "" ? `: ${error.cause.message}` : "";
  return (said + cause).slice(0, messageCharsMax);
}
