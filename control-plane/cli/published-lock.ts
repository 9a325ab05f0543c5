/** Whether a lock is the one that is published, or the next: what CI asks before it merges, and before it pushes. */
import type { ReleaseSummary } from "../engine/release-summary.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Lock } from "../locker/lock-file.ts";
import type { Call } from "./command.ts";
import { reach, type Refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { lockFileName } from "./lock-file-on-disk.ts";

const first = "nothing is published yet: it would be the first release";

/** A sentence that says which of both it is. */
export async function comparePublished(call: Call, lock: Lock): Promise<Result<string, Refused>> {
  const remote = reach(call, lock.mesh);
  if (!remote.ok) return remote;
  const sent = await remote.value.send({ method: "GET", path: "/releases" });
  if (!sent.ok) {
    return sent.error.code === "nothing_published" ? ok(first) : sent;
  }
  const [newest] = (sent.value as { releases: readonly ReleaseSummary[] }).releases;
  return newest === undefined ? ok(first) : compareWith(lock, newest);
}

function compareWith(lock: Lock, newest: ReleaseSummary): Result<string, Refused> {
  const { origin, revision, configRoot, parent } = lock;
  const published = `revision ${newest.revision} (release ${newest.release})`;
  if (origin === newest.origin && revision === newest.revision && configRoot === newest.configRoot) {
    return ok(`it is published, as release ${newest.release}`);
  }
  if (origin === newest.origin && revision === newest.revision + 1 && parent === newest.configRoot) {
    return ok(`it is the next revision after ${published}`);
  }
  const message = `${lockFileName} is revision ${revision} of ${origin} on ${parent}; ${published} of ${newest.origin}, ${newest.configRoot}, is published, and it neither is that nor follows it`;
  const hint = "flagmesh diff newest lock shows the difference; merge what was published, then flagmesh lock";
  return err({ exit: exitCodes.conflict, code: "lock_not_published", message, hint });
}
