/** `flagmesh lock`: writes what the documents say now into flagmesh.lock, as the revision after the last. */
import type { Entries } from "../../shared/document/entry.ts";
import { isDeploymentName, originOf, type MeshId } from "../../shared/document/mesh-id.ts";
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { lockConflicted, type ConflictRefusal, type LostApproval, type Onto } from "../locker/lock-conflict.ts";
import { parseLockFile, type Lock } from "../locker/lock-file.ts";
import { lock as lockEntries, type Locked, type LockInput } from "../locker/lock.ts";
import { toolName } from "../tool.ts";
import type { Call, Command } from "./command.ts";
import { readDocuments, refuseFindings, type Documents } from "./documents.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { lockFileName, readLockText, showStage, writeLockText } from "./lock-file-on-disk.ts";
import { answer, note, refuse, type Trouble } from "./say.ts";
import { findLocalDeployment } from "./state-folder.ts";

const sides: readonly Onto[] = ["base", "ours", "theirs"];

export const lock: Command = {
  name: "lock",
  summary: "write flagmesh.lock: the revision that approvers sign and routers verify",
  examples: ["flagmesh lock", "flagmesh lock --deployment flags.example.com", "flagmesh lock --onto theirs"],
  declare(command) {
    command
      .option("--deployment <name>", "of the first lock's origin, e.g. flags.example.com; later locks keep it")
      .option("--onto <side>", `in a merge conflict, the lock to build on: ${sides.join(", ")}`, "base")
      .option("--allow-insecure-endpoints", "allow http and loopback endpoints, for work on one machine", false);
  },
  async run(call) {
    const { global, options } = call;
    const onto = sides.find((side) => side === options["onto"]);
    if (onto === undefined) {
      const message = `--onto is one of ${sides.join(", ")}`;
      return refuse(call, exitCodes.usage, { code: "bad_option", message });
    }
    const allowInsecure = options["allowInsecureEndpoints"] === true;
    const documents = await readDocuments(call, { location: global.dir, allowInsecure });
    const { mesh, entries } = documents;
    if (entries === undefined) return refuseFindings(call, documents);
    if (mesh === undefined) {
      const hint = "write mesh: tenant/environment into the document, or pass --mesh";
      return refuse(call, exitCodes.usage, { code: "mesh_missing", message: "the document names no mesh", hint });
    }
    return lockDocuments(call, { ...documents, mesh, entries }, onto);
  },
};

type Lockable = Documents & { readonly mesh: MeshId; readonly entries: Entries };

async function lockDocuments(call: Call, documents: Lockable, onto: Onto): Promise<ExitCode> {
  const { dir } = call.global;
  const text = await readLockText(dir);
  const read = text === undefined ? undefined : parseLockFile(text);
  const conflicted = read?.ok === false && read.error.code === "lock_conflicted";
  if (read?.ok === false && !conflicted) {
    const { code, line, message } = read.error;
    const hint = `git restore ${lockFileName}, then lock again`;
    return refuse(call, exitCodes.tampered, { code, message: `${lockFileName}:${line}: ${message}`, hint });
  }
  const base = read?.ok === true ? read.value : conflicted ? await parsedStage(dir, onto) : undefined;
  const origin = originFor(call, documents.mesh, base);
  if (!origin.ok) return refuse(call, exitCodes.usage, origin.error);
  const input: Omit<LockInput, "previous"> = {
    mesh: documents.mesh,
    origin: origin.value,
    entries: documents.entries,
    files: new Map([...documents.files].map(([name, bytes]) => [name, digestOfBytes(bytes)])),
    seed: call.context.randomBytes(32),
    tool: toolName,
  };
  const locked = conflicted
    ? await lockConflicted(input, (stage) => showStage(dir, stage), onto)
    : withNothingLost(lockEntries({ ...input, previous: base }));
  if (!locked.ok) return refuse(call, exitOf(locked.error), troubleOf(locked.error));
  if (locked.value.text !== text) await writeLockText(dir, locked.value.text);
  tell(call, locked.value, base, locked.value.text !== text);
  return exitCodes.fine;
}

const withNothingLost = <E>(locked: Result<Locked, E>): Result<Locked & { lost: readonly LostApproval[] }, E> =>
  locked.ok ? ok({ ...locked.value, lost: [] }) : locked;

const stages = { base: 1, ours: 2, theirs: 3 } as const;

async function parsedStage(dir: string, onto: Onto): Promise<Lock | undefined> {
  const text = await showStage(dir, stages[onto]);
  const parsed = text === undefined ? undefined : parseLockFile(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** From --deployment, else the previous lock, else the local control plane. */
function originFor({ global, options }: Call, mesh: MeshId, previous: Lock | undefined): Result<string, Trouble> {
  const given = options["deployment"];
  if (given !== undefined) {
    if (isDeploymentName(given)) return ok(originOf(given, mesh));
    const message = "a deployment is named like a host: flags.example.com, or local";
    return err({ code: "bad_deployment", message });
  }
  const deployment = previous?.origin.split("/", 1)[0] ?? findLocalDeployment(global.dir).deployment;
  if (deployment !== undefined) return ok(originOf(deployment, mesh));
  return err({
    code: "deployment_missing",
    message: "a first lock needs the name of the deployment that its releases are for",
    hint: "flagmesh lock --deployment flags.example.com, as in the routers' deployment policy",
  });
}

function tell(
  call: Call,
  { lock, changed, entries, lost }: Locked & { lost: readonly LostApproval[] },
  previous: Lock | undefined,
  written: boolean,
): void {
  const { mesh, origin, revision, configRoot, snapshotDigest } = lock;
  const value = { mesh, origin, revision, changed, written, configRoot, snapshotDigest, entries, lostApprovals: lost };
  const lines = [
    `${lockFileName}: ${mesh} revision ${revision}${changed ? "" : written ? ", files only" : ", unchanged"}`,
    ...entries.added.map((key) => `  + ${key}`),
    ...entries.changed.map((key) => `  ~ ${key}`),
    ...entries.removed.map((key) => `  - ${key}`),
  ];
  answer(call, value, lines.join("\n"));
  for (const { side, revision: approved, signer } of lost) {
    note(call, `lost: ${signer}'s approval of revision ${approved} (${side})`);
  }
  const signatures = previous?.approvals.signatures.length ?? 0;
  if (changed && signatures > 0 && lost.length === 0) {
    note(
      call,
      `revision ${revision} has to be approved anew; the approvals of revision ${previous?.revision} don't cover it`,
    );
  }
}

const exitOf = ({ code }: ConflictRefusal): ExitCode =>
  code === "previous_tampered" || code === "stage_unreadable" ? exitCodes.tampered : exitCodes.refused;

function troubleOf(refusal: ConflictRefusal): Trouble {
  const { code } = refusal;
  switch (code) {
    case "origin_changed": {
      const message = `${lockFileName} is of ${refusal.found}, the document of ${refusal.wanted}`;
      return {
        code,
        message,
        hint: `a lock of another mesh or deployment begins anew: move ${lockFileName} away first`,
      };
    }
    case "previous_tampered": {
      const { what, wanted, found } = refusal.tampering;
      const message = `${lockFileName} doesn't add up: ${what} should be ${wanted}, and is ${found}`;
      return { code, message, hint: `git restore ${lockFileName}` };
    }
    case "snapshot_too_large":
    case "lock_too_large":
      return { code, message: `the mesh takes more than ${refusal.bytesMax} bytes` };
    case "stage_missing": {
      const message = `git has no ${refusal.onto} version of ${lockFileName}`;
      return { code, message, hint: `choose another with --onto, or git restore --source=HEAD ${lockFileName}` };
    }
    case "stage_unreadable": {
      const { line, message } = refusal.fault;
      return { code, message: `${refusal.onto} version of ${lockFileName}, line ${line}: ${message}` };
    }
  }
}
