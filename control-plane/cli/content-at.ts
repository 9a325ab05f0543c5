/** What a mesh serves at some point: in a release, or in the documents at hand. */
import { entriesOfSnapshot, parseSnapshot } from "../../shared/store/snapshot.ts";
import type { Served } from "../../shared/flags/rebucket.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { ReleaseSummary } from "../engine/release-summary.ts";
import type { Call } from "./command.ts";
import { refused, type Remote } from "./control-plane.ts";
import { readDocuments, refuseFindings } from "./documents.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { refuse } from "./say.ts";
import { readVerifiedLock } from "./verified-lock.ts";

export interface Content extends Served {
  /** For people. */
  readonly name: string;
}

export const pointsHelp = "a release's number, newest, lock or files";

/** @param point as in `pointsHelp`. What isn't released yet is under the overlay of the newest release, which carries over */
export async function contentAt(call: Call, remote: Remote, point: string): Promise<Result<Content, ExitCode>> {
  if (/^(?:0|[1-9]\d{0,14})$/.test(point)) {
    const release = await readRelease(call, remote, point);
    return release.ok ? contentOf(call, remote, release.value) : release;
  }
  if (point !== "newest" && point !== "lock" && point !== "files") {
    return err(refuse(call, exitCodes.usage, { code: "bad_point", message: `${point} is none of: ${pointsHelp}` }));
  }
  const newest = await readNewest(call, remote);
  if (!newest.ok) return newest;
  if (point === "newest") return contentOf(call, remote, newest.value);
  const { overlay } = newest.value;
  if (point === "lock") {
    const locked = await readVerifiedLock(call, false);
    if (!locked.ok) return locked;
    return ok({
      name: `flagmesh.lock (revision ${locked.value.lock.revision})`,
      entries: locked.value.entries,
      overlay,
    });
  }
  const allowInsecure = call.options["allowInsecureEndpoints"] === true;
  const documents = await readDocuments(call, { location: call.global.dir, allowInsecure });
  const { entries } = documents;
  return entries === undefined ? err(refuseFindings(call, documents)) : ok({ name: "the files", entries, overlay });
}

export async function readRelease(
  call: Call,
  { send }: Remote,
  number: string,
): Promise<Result<ReleaseSummary, ExitCode>> {
  const sent = await send({ method: "GET", path: `/releases/${number}` });
  return sent.ok ? ok(sent.value as ReleaseSummary) : err(refused(call, sent.error));
}

export async function readNewest(call: Call, { send, mesh }: Remote): Promise<Result<ReleaseSummary, ExitCode>> {
  const sent = await send({ method: "GET", path: "/releases" });
  if (!sent.ok) return err(refused(call, sent.error));
  const [newest] = (sent.value as { releases: readonly ReleaseSummary[] }).releases;
  if (newest !== undefined) return ok(newest);
  return err(refuse(call, exitCodes.refused, { code: "nothing_published", message: `${mesh} has no release yet` }));
}

export async function contentOf(
  call: Call,
  { send }: Remote,
  { release, revision, overlay }: ReleaseSummary,
): Promise<Result<Content, ExitCode>> {
  const sent = await send({ method: "GET", path: `/releases/${release}/snapshot` });
  if (!sent.ok) return err(refused(call, sent.error));
  const snapshot = parseSnapshot(JSON.stringify(sent.value));
  if (!snapshot.ok) {
    const message = `the snapshot of release ${release} can't be read`;
    return err(refuse(call, exitCodes.tampered, { code: snapshot.error, message }));
  }
  const name = `release ${release} (revision ${revision})`;
  return ok({ name, entries: entriesOfSnapshot(snapshot.value), overlay });
}
