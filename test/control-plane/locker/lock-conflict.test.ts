import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockConflicted, type Stage } from "../../../control-plane/locker/lock-conflict.ts";
import { encodeLockFile, parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { lock, type LockInput } from "../../../control-plane/locker/lock.ts";
import type { Entries, Entry, EntryKey } from "../../../shared/document/entry.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { mesh, origin, seed, tool } from "./lock-vectors.ts";

const flags = (...names: readonly string[]): Map<EntryKey, Entry> =>
  new Map(names.map((name) => [`flag:${name}`, { state: "ENABLED", variants: { on: true, off: false } }]));
const inputOf = (entries: Entries, of = "merged"): LockInput => ({
  mesh: mesh as MeshId,
  origin,
  entries,
  files: new Map([["mesh.yaml", digestOf(of)]]),
  seed,
  tool,
});

function locked(entries: Entries, previous?: Lock, of?: string): Lock {
  const result = lock({ ...inputOf(entries, of), previous });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.lock;
}
const line = (name: string, byte: string): string => `— ${name} ${byte.repeat(8)}`;
const approved = (of: Lock, ...signatures: readonly string[]): Lock => ({
  ...of,
  approvals: { notAfter: 1_800_000_000, signatures: [...signatures] },
});
const stages =
  (...locks: readonly (Lock | string | undefined)[]) =>
  async (stage: Stage): Promise<string | undefined> => {
    const at = locks[stage - 1];
    return await Promise.resolve(typeof at === "object" ? encodeLockFile(at) : at);
  };

const base = approved(locked(flags("a", "b"), undefined, "base"), line("alice", "A"));
const ours = approved(locked(flags("a", "b", "ours"), base, "ours"), line("alice", "B"), line("bob", "B"));
const theirs = approved(locked(flags("a", "theirs"), base, "theirs"), line("carol", "C"));
const merged = flags("a", "ours", "theirs");

describe("a lock with a merge conflict", () => {
  test("is rebuilt from the merge base, and names the approvals that are lost", async () => {
    const result = await lockConflicted(inputOf(merged), stages(base, ours, theirs));
    expect(result.ok && result.value.lock).toEqual(locked(merged, base));
    expect(result.ok && result.value.lost).toEqual([
      { side: "ours", revision: 2, signer: "alice" },
      { side: "ours", revision: 2, signer: "bob" },
      { side: "theirs", revision: 2, signer: "carol" },
    ]);
  });

  test("gives the same lock whichever side it is merged from", async () => {
    const one = await lockConflicted(inputOf(merged), stages(base, ours, theirs));
    const other = await lockConflicted(inputOf(merged), stages(base, theirs, ours));
    expect(one.ok && one.value.text).toBe(other.ok && other.value.text);
  });

  test("is built on a side that is published already, where that is asked for", async () => {
    const result = await lockConflicted(inputOf(merged), stages(base, ours, theirs), "theirs");
    expect(result.ok && result.value.lock).toEqual(locked(merged, theirs));
    expect(result.ok && result.value.lock).toMatchObject({ revision: 3, parent: theirs.configRoot });
  });

  test("keeps a side's approvals where the merge is just what that side approved", async () => {
    const comments = { ...base, files: new Map([["mesh.yaml", digestOf("comments")]]) };
    const result = await lockConflicted(inputOf(flags("a", "b", "ours")), stages(base, ours, comments));
    expect(result.ok && result.value.lock.approvals).toEqual(ours.approvals);
    // The base's own approval was of a revision that is replaced now, as it was on our side.
    expect(result.ok && result.value.lost).toEqual([{ side: "theirs", revision: 1, signer: "alice" }]);
  });

  test("brings together what both sides approved of one step", async () => {
    const step = locked(flags("a", "c"), base);
    const sides = [approved(step, line("alice", "D")), approved(step, line("bob", "D"), line("alice", "D"))] as const;
    const result = await lockConflicted(inputOf(flags("a", "c")), stages(base, ...sides));
    expect(result.ok && result.value.lock.approvals.signatures).toEqual([line("alice", "D"), line("bob", "D")]);
    expect(result.ok && result.value.lost).toEqual([]);
  });

  test("keeps the larger of two sets of approvals that end at other times", async () => {
    const step = locked(flags("a", "c"), base);
    const later = { ...step, approvals: { notAfter: 1_900_000_000, signatures: [line("carol", "E")] } };
    const result = await lockConflicted(
      inputOf(flags("a", "c")),
      stages(base, later, approved(step, line("alice", "D"), line("bob", "D"))),
    );
    expect(result.ok && result.value.lock.approvals.notAfter).toBe(1_800_000_000);
    expect(result.ok && result.value.lost).toEqual([{ side: "ours", revision: 2, signer: "carol" }]);
  });

  test("keeps ours of two equal sets of approvals that end at other times", async () => {
    const step = locked(flags("a", "c"), base);
    const later = { ...step, approvals: { notAfter: 1_900_000_000, signatures: [line("carol", "E")] } };
    const show = stages(base, approved(step, line("alice", "D")), later);
    const result = await lockConflicted(inputOf(flags("a", "c")), show);
    expect(result.ok && result.value.lost).toEqual([{ side: "theirs", revision: 2, signer: "carol" }]);
  });

  test("names the approvals of an undo that is lost", async () => {
    const { configRoot, configSize, snapshotDigest } = base;
    const undo = {
      configRoot,
      configSize,
      snapshotDigest,
      approvals: { notAfter: 1, signatures: [line("dave", "F")] },
    };
    const result = await lockConflicted(inputOf(merged), stages(base, { ...ours, undo }, theirs));
    expect(result.ok && result.value.lost).toContainEqual({ side: "ours", revision: 3, signer: "dave" });
  });

  test.each([
    ["there is no merge base", stages(undefined, ours, theirs), { code: "stage_missing", onto: "base" }],
    [
      "the merge base has conflict markers itself",
      stages("<<<<<<< x\n", ours, theirs),
      { code: "stage_unreadable", onto: "base" },
    ],
    [
      "the merge base is of another mesh",
      stages({ ...base, origin: "x.example.com/acme/production" }, ours, theirs),
      { code: "origin_changed" },
    ],
    [
      "the merge base doesn't add up",
      stages({ ...base, configRoot: ours.configRoot }, ours, theirs),
      { code: "previous_tampered" },
    ],
  ])("can't be rebuilt where %s", async (_, show, error) => {
    expect(await lockConflicted(inputOf(merged), show)).toMatchObject({ ok: false, error });
  });

  test("can be built on one side where there is no merge base", async () => {
    const result = await lockConflicted(inputOf(merged), stages(undefined, ours, theirs), "ours");
    expect(result.ok && result.value.lock).toEqual(locked(merged, ours));
  });
});

describe("with git", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "flagmesh-"));
  const file = path.join(folder, "flagmesh.lock");
  const git = (...args: readonly string[]): string =>
    execFileSync(
      "git",
      ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", ...args],
      {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
  const commit = (branch: string, of: Lock): void => {
    git("switch", "--create", branch);
    writeFileSync(file, encodeLockFile(of));
    git("add", "flagmesh.lock");
    git("commit", "--message", branch);
  };
  const show = async (stage: Stage): Promise<string> => await Promise.resolve(git("show", `:${stage}:flagmesh.lock`));
  beforeAll(() => {
    git("init", "--quiet");
    commit("base", base);
    commit("theirs", theirs);
    git("switch", "base");
    commit("ours", ours);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("a merge of two revisions conflicts, and is locked anew from the stages of git's index", async () => {
    expect(() => git("merge", "theirs")).toThrow("Command failed");
    expect(parseLockFile(readFileSync(file, "utf8"))).toMatchObject({ error: { code: "lock_conflicted" } });
    const result = await lockConflicted(inputOf(merged), show);
    expect(result.ok && result.value.lock).toEqual(locked(merged, base));
    expect(result.ok && result.value.lost).toHaveLength(3);
  });
});
