/** The mesh policies of a log: each names the one before by its digest, back to the first. */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { parseMeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import type { ReleaseLog } from "./release-log.ts";

/** Exact texts, oldest first, up to the one in force: who pins the first can follow them. Empty where nothing was released. */
export async function readPolicies(log: ReleaseLog, mesh: MeshId): Promise<string[]> {
  const newest = await log.newest();
  const statement = newest === undefined ? undefined : parseStatement(newest.statement);
  const texts: string[] = [];
  for (let digest = statement?.ok ? statement.value.policy.digest : null; digest !== null;) {
    const text = await log.blob(publicKeys(mesh).policy(digest));
    const policy = text === undefined ? undefined : parseMeshPolicy(text);
    if (text === undefined || !policy?.ok) break;
    texts.unshift(text);
    digest = policy.value.previous;
  }
  return texts;
}
