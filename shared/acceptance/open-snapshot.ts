/** Step 7 of acceptance: a snapshot is the one that a statement names. */
import { utf8 } from "../encoding/bytes.ts";
import { digestOfLarge } from "../encoding/digest.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { parseSnapshot, type Snapshot } from "../store/snapshot.ts";
import type { Statement } from "../trust/statement.ts";
import { refusal, type Refusal } from "./refusal.ts";

/** Gated by the digest of its bytes: that its leaves give the config root remains to be seen. */
export async function openSnapshot(
  text: string,
  { snapshotDigest, configSize, origin }: Pick<Statement, "snapshotDigest" | "configSize" | "origin">,
): Promise<Result<Snapshot, Refusal>> {
  if (text.length > limits.snapshotBytesMax) return err(refusal("snapshot_too_large", `${text.length} characters`));
  const found = await digestOfLarge(utf8(text));
  if (found !== snapshotDigest)
    return err(refusal("snapshot_digest_mismatch", `wanted ${snapshotDigest}, found ${found}`));
  const snapshot = parseSnapshot(text);
  if (!snapshot.ok) return err(refusal(snapshot.error, "the snapshot has its digest, but not its form"));
  if (snapshot.value.origin !== origin)
    return err(refusal("snapshot_origin_mismatch", `it is of ${snapshot.value.origin}`));
  if (snapshot.value.slots.length !== configSize) {
    return err(
      refusal("config_size_mismatch", `${snapshot.value.slots.length} slots, the statement says ${configSize}`),
    );
  }
  return ok(snapshot.value);
}
