/** `flagmesh rollback`: the content of an old release as the next revision; at once, or as a folder for approvers. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { denormalise, documentText } from "../../shared/document/denormalise.ts";
import type { Entries } from "../../shared/document/entry.ts";
import { base64Bytes, toBase64 } from "../../shared/encoding/bytes.ts";
import { digestOf } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { entriesOfSnapshot, parseSnapshot, treeOfSnapshot } from "../../shared/store/snapshot.ts";
import type { ReleaseSummary } from "../engine/release-summary.ts";
import { parseLockFile } from "../locker/lock-file.ts";
import { lock } from "../locker/lock.ts";
import { toolName } from "../tool.ts";
import type { Call, Command } from "./command.ts";
import {
  describeRelease,
  messageHeader,
  reach,
  rebucketedLines,
  refused,
  type Refused,
  type ReleaseAnswer,
  type Remote,
} from "./control-plane.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText, writeLockText } from "./lock-file-on-disk.ts";
import { answer, note, refuse } from "./say.ts";

const documentName = "mesh.json";

export const rollback: Command = {
  name: "rollback",
  summary: "bring an old release's content back as a new revision",
  examples: [
    'flagmesh rollback 41 -m "checkout fails"',
    "flagmesh rollback 41 --out back   # where it has to be approved: approve and push --dir back",
  ],
  declare(command) {
    command
      .argument("<release>", "the first number in `flagmesh history`")
      .option("-m, --message <text>", "why, for the release log")
      .option("--out <directory>", "publish nothing: write the document and its lock there, to be approved and pushed");
  },
  async run(call) {
    const text = call.args[0] ?? "";
    if (!/^\d{1,15}$/.test(text)) {
      return refuse(call, exitCodes.usage, {
        code: "bad_release",
        message: `${text} is no release: see flagmesh history`,
      });
    }
    const lockText = await readLockText(call.global.dir);
    const here = lockText === undefined ? undefined : parseLockFile(lockText);
    const remote = reach(call, here?.ok === true ? here.value.mesh : undefined);
    if (!remote.ok) return refused(call, remote.error);
    const release = Number(text);
    const { out } = call.options;
    return typeof out === "string"
      ? writeRollback(call, remote.value, release, path.resolve(call.context.cwd, out))
      : publishRollback(call, remote.value, release);
  },
};

async function publishRollback(call: Call, { mesh, send }: Remote, release: number): Promise<ExitCode> {
  const headers = messageHeader(call.options["message"]);
  const sent = await send({ method: "POST", path: "/rollback", body: { release }, headers });
  if (!sent.ok) return refused(call, sent.error);
  const released = sent.value as ReleaseAnswer;
  answer(call, released, [`${mesh}: ${describeRelease(released)}`, ...rebucketedLines(released)].join("\n"));
  if (released.created) note(call, "the documents in your repository are not the newest now: revert them there, too");
  return exitCodes.fine;
}

async function writeRollback(call: Call, remote: Remote, release: number, out: string): Promise<ExitCode> {
  const entries = await entriesOfRelease(remote, release);
  if (!entries.ok) return refused(call, entries.error);
  const newest = await remote.send({ method: "GET", path: "/lock" });
  if (!newest.ok) return refused(call, newest.error);
  const previous = parseLockFile(String(newest.value));
  if (!previous.ok) return refused(call, damaged(`the newest lock can't be read: ${previous.error.message}`));
  const text = documentText(denormalise(remote.mesh, entries.value));
  const locked = lock({
    mesh: remote.mesh,
    origin: previous.value.origin,
    entries: entries.value,
    files: new Map([[documentName, digestOf(text)]]),
    previous: previous.value,
    seed: base64Bytes(previous.value.seed),
    tool: toolName,
  });
  if (!locked.ok) return refused(call, damaged(`the newest lock can't be followed: ${locked.error.code}`));
  const { revision } = locked.value.lock;
  if (!locked.value.changed) {
    answer(call, { changed: false, revision }, `nothing to do: revision ${revision} has this content`);
    return exitCodes.fine;
  }
  try {
    await mkdir(out, { recursive: true });
    // wx: a document that is there already is somebody's work.
    await writeFile(path.join(out, documentName), text, { flag: "wx" });
    await writeLockText(out, locked.value.text);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return refuse(call, exitCodes.refused, { code: "unwritable", message: `${out} can't be written (${code})` });
  }
  const dir = path.relative(call.context.cwd, out) || ".";
  const said = `${dir}: revision ${revision} with the content of release ${release}`;
  answer(call, { changed: true, revision, directory: out, files: [documentName, lockFileName] }, said);
  note(call, `next: flagmesh approve --key FILE --dir ${dir}, as often as it takes; then flagmesh push --dir ${dir}`);
  return exitCodes.fine;
}

/** Its two answers have to agree. What is in them, approvers are shown before they sign. */
async function entriesOfRelease({ send }: Remote, release: number): Promise<Result<Entries, Refused>> {
  const stated = await send({ method: "GET", path: `/releases/${release}` });
  if (!stated.ok) return stated;
  const sent = await send({ method: "GET", path: `/releases/${release}/snapshot` });
  if (!sent.ok) return sent;
  const snapshot = parseSnapshot(JSON.stringify(sent.value));
  const tree = snapshot.ok ? treeOfSnapshot(snapshot.value) : snapshot;
  const { configRoot } = stated.value as ReleaseSummary;
  if (!snapshot.ok || !tree.ok || toBase64(tree.value.root) !== configRoot) {
    return err(damaged(`the content of release ${release} doesn't have its root`));
  }
  return ok(entriesOfSnapshot(snapshot.value));
}

const damaged = (message: string): Refused => ({ exit: exitCodes.tampered, code: "answer_invalid", message });
