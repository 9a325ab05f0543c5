import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approvalViewText } from "../../../control-plane/cli/approval-view.ts";
import { parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { slotsOf } from "../../../control-plane/locker/lock-slots.ts";
import { loadDocument } from "../../../control-plane/locker/load.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { encodeSnapshot } from "../../../shared/store/snapshot.ts";
import { createFolder, type Folder, type Ran } from "./run.ts";

const document = `mesh: acme/shop
flags:
  checkout: { variants: { on: true, off: false }, defaultVariant: off, rollout: { on: 10 } }
  search: { variants: { on: true, off: false }, defaultVariant: off, rollout: { variant: on, steps: [5, 25, 100] } }
`;
const clock = 1_800_000_000;
const day = 86_400;

let folder: Folder;
beforeEach(async () => {
  folder = await createFolder();
  await folder.write({ "mesh.yaml": document });
  const keys = await Promise.all(["alice", "ben"].map((name) => keygen(name)));
  await keygen("eve");
  await folder.run(
    `policy init --mesh acme/shop --deployment local --host a.example --threshold 2 --approver ${keys.join(" ")}`,
  );
  await folder.run("lock");
});
afterEach(async () => folder.remove());

async function keygen(name: string): Promise<string> {
  return (await folder.run(`keygen --approver ${name} --out ${name}.key`)).stdout.trim();
}

async function lockNow(): Promise<Lock> {
  const lock = parseLockFile(await folder.read("flagmesh.lock"));
  if (!lock.ok) throw new Error(lock.error.message);
  return lock.value;
}

async function edit(from: string, to: string): Promise<void> {
  const text = await folder.read("mesh.yaml");
  await folder.write({ "mesh.yaml": text.replace(from, to) });
}

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder.path, stdio: "pipe" });

function commit(): void {
  git("init", "-q", "-b", "main");
  git("add", "mesh.yaml", "flagmesh.lock");
  git("commit", "-q", "-m", "one");
}

async function lockSecond(): Promise<void> {
  await edit("on: 10", "on: 25");
  await folder.run("lock");
}

const refused = (exit: number, code: string): Partial<Ran> => ({
  exit,
  stderr: expect.stringContaining(`[${code}]`) as string,
});

/** Somebody at the terminal, who says this. */
const asked = (answer: string | undefined) => {
  const questions: string[] = [];
  const ask = (question: string): Promise<string | undefined> => {
    questions.push(question);
    return Promise.resolve(answer);
  };
  return { questions, world: { ask } };
};

/** Answers as the control plane does, with a snapshot of the document at that time. */
async function controlPlane(text: string) {
  const lock = await lockNow();
  const { entries = new Map() } = loadDocument(new Map([["mesh.yaml", utf8(text)]]), {});
  const snapshot = encodeSnapshot({ origin: lock.origin, slots: slotsOf(lock, entries) });
  const fetch = (async (url: string) => {
    if (url.endsWith("/releases")) return Response.json({ releases: [{ release: 4, configRoot: lock.configRoot }] });
    return url.endsWith("/releases/4/snapshot") ? new Response(snapshot) : new Response("{}", { status: 404 });
  }) as typeof globalThis.fetch;
  return { fetch };
}

describe("who approves", () => {
  test("two approvers, one after the other, make it approved", async () => {
    expect(await folder.run("verify")).toMatchObject(refused(6, "lock_unapproved"));
    expect(await folder.run("approve --key alice.key --yes")).toMatchObject({
      exit: 0,
      stdout: "flagmesh.lock: alice approved revision 1, publishable until 2027-01-22 08:00:00 UTC\n",
      stderr: expect.stringContaining("1 of 2 approvals") as string,
    });
    expect(await folder.run("verify")).toMatchObject(refused(6, "lock_unapproved"));
    expect((await folder.run("approve --key ben.key --yes")).stderr).toContain("2 of 2 approvals");
    expect((await folder.run("verify")).exit).toBe(0);
  });

  test("an edit after approval has to be approved anew", async () => {
    await folder.run("approve --key alice.key --yes");
    await folder.run("approve --key ben.key --yes");
    await edit("on: 10", "on: 11");
    expect(await folder.run("verify")).toMatchObject(refused(4, "lock_drifted"));
    await folder.run("lock");
    expect(await folder.run("verify")).toMatchObject(refused(6, "lock_unapproved"));
    expect((await lockNow()).approvals.signatures).toEqual([]);
  });

  test("whoever approves twice changes nothing", async () => {
    await folder.run("approve --key alice.key --yes");
    const before = await folder.read("flagmesh.lock");
    const again = await folder.run("approve --key alice.key");
    expect(again).toMatchObject({ exit: 0, stdout: expect.stringContaining("alice had already approved") as string });
    expect(await folder.read("flagmesh.lock")).toBe(before);
  });

  test("who is no approver signs nothing", async () => {
    const before = await folder.read("flagmesh.lock");
    expect(await folder.run("approve --key eve.key --yes")).toMatchObject(refused(1, "not_an_approver"));
    expect(await folder.read("flagmesh.lock")).toBe(before);
  });

  test("where no policy is at hand it signs, and says that it can't tell", async () => {
    await folder.write({ "elsewhere/mesh.yaml": document });
    await folder.run("lock --dir elsewhere --deployment other");
    const { exit, stderr } = await folder.run("approve --dir elsewhere --key eve.key --yes");
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining("no policy is at hand") as string });
  });

  test.each([
    ["a file that isn't there", "nope.key", "key_missing"],
    ["a file that is no key", "mesh.yaml", "key_malformed"],
    ["a key that signs freshness", "fresh.key", "key_malformed"],
  ])("%s is refused", async (_, file, code) => {
    await folder.run("keygen --freshness f --out fresh.key");
    expect(await folder.run(`approve --key ${file} --yes`)).toMatchObject(refused(1, code));
  });

  test("a key that others may read is used, with a warning", async () => {
    expect((await folder.run("approve --key alice.key --yes")).stderr).not.toContain("warning");
    chmodSync(path.join(folder.path, "ben.key"), 0o644);
    expect((await folder.run("approve --key ben.key --yes")).stderr).toContain("warning: others on this machine");
  });
});

describe("what may be approved", () => {
  test("without a lock there is nothing to approve", async () => {
    await rm(path.join(folder.path, "flagmesh.lock"));
    expect(await folder.run("approve --key alice.key --yes")).toMatchObject(refused(3, "lock_missing"));
  });

  test.each([
    ["that changed since", document.replace("10", "99"), 4, "[lock_drifted]"],
    ["with errors", "nope: 1", 1, "unknown_key"],
  ])("a document %s is refused as by verify, and nothing is written", async (_, text, exit, code) => {
    const lock = await folder.read("flagmesh.lock");
    await folder.write({ "mesh.yaml": text });
    const ran = await folder.run("approve --key alice.key --yes");
    expect(ran).toMatchObject({ exit, stderr: expect.stringContaining(code) as string });
    expect(await folder.read("flagmesh.lock")).toBe(lock);
  });

  test("a lock whose hashes don't add up is refused", async () => {
    const text = await folder.read("flagmesh.lock");
    await folder.write({ "flagmesh.lock": text.replace(/configRoot: "./, 'configRoot: "A') });
    expect(await folder.run("approve --key alice.key --yes")).toMatchObject(refused(5, "lock_tampered"));
  });
});

describe("asking", () => {
  test.each(["y", "yes", "Y\n"])("%j signs", async (answer) => {
    const { world, questions } = asked(answer);
    expect((await folder.run("approve --key alice.key", {}, undefined, world)).exit).toBe(0);
    expect(questions).toEqual(["Sign this as alice? [y/N] "]);
    expect((await lockNow()).approvals.signatures).toHaveLength(1);
  });

  test.each(["", "n", "yep", undefined])("%j signs nothing", async (answer) => {
    const { world } = asked(answer);
    const ran = await folder.run("approve --key alice.key", {}, undefined, world);
    expect(ran).toMatchObject(refused(1, "not_confirmed"));
    expect((await lockNow()).approvals.signatures).toEqual([]);
  });

  test("with nobody there, --yes is needed, and what would be signed is shown all the same", async () => {
    const ran = await folder.run("approve --key alice.key");
    expect(ran).toMatchObject(refused(2, "not_confirmed"));
    expect(ran.stderr).toContain("local/acme/shop: revision 1, the first");
    expect((await lockNow()).approvals.signatures).toEqual([]);
  });

  test("a lock that changes while the approver reads isn't overwritten", async () => {
    const world = {
      async ask() {
        await edit("on: 10", "on: 77");
        await folder.run("lock");
        return "y";
      },
    };
    const ran = await folder.run("approve --key alice.key", {}, undefined, world);
    expect(ran).toMatchObject(refused(7, "lock_changed"));
    expect(await lockNow()).toMatchObject({ revision: 2, approvals: { signatures: [] } });
  });
});

describe("how long it may be published", () => {
  test("the first approver decides, and the others sign the same", async () => {
    await folder.run("approve --key alice.key --yes --not-after 2027-02-01");
    expect((await lockNow()).approvals.notAfter).toBe(Date.UTC(2027, 1, 1, 23, 59, 59) / 1_000);
    expect(await folder.run("approve --key ben.key --yes --not-after 2027-02-02")).toMatchObject(
      refused(1, "not_after_differs"),
    );
    expect((await folder.run("approve --key ben.key --yes")).exit).toBe(0);
    expect((await lockNow()).approvals.signatures).toHaveLength(2);
  });

  test("signatures that ended are dropped only where that is asked for", async () => {
    await folder.run("approve --key alice.key --yes");
    const later = { clock: () => clock + 7 * day + 1 };
    const line = "approve --key ben.key --yes";
    expect(await folder.run(line, {}, undefined, later)).toMatchObject(refused(6, "approvals_expired"));
    expect((await folder.run(`${line} --anew`, {}, undefined, later)).exit).toBe(0);
    const { approvals } = await lockNow();
    expect(approvals).toEqual({
      notAfter: clock + 14 * day + 1,
      signatures: [expect.stringMatching(/^— ben /) as string],
    });
  });

  test.each(["soon", "2020-01-01", "0d", "2027-13-01", "2027-02-01T10:00"])("%s is no time to come", async (when) => {
    expect(await folder.run(`approve --key alice.key --yes --not-after ${when}`)).toMatchObject(refused(2, "bad_time"));
    expect(await folder.run(`approve --key alice.key --yes --undo-not-after ${when}`)).toMatchObject(
      refused(2, "bad_time"),
    );
  });
});

describe("what is shown", () => {
  test("the change since git's last lock, who moves, and what operators may do", async () => {
    commit();
    await lockSecond();
    const { stderr } = await folder.run("approve --key alice.key --yes");
    expect(stderr).toContain("local/acme/shop: revision 1 → 2\n");
    expect(stderr).toMatch(
      /compared with git commit [0-9a-f]{12}:\n {2}~ flag:checkout\n {6}- rollout: on 10 %\n {6}\+ rollout: on 25 %\n\n/,
    );
    expect(stderr).toContain("  checkout: on 10 % → 25 %: 15 % move off→on, 0 % move otherwise\n");
    expect(stderr).toContain("  search: any of 5, 25, 100 % may be served\n");
  });

  test("also where the lock was committed before it was approved", async () => {
    commit();
    await lockSecond();
    git("commit", "-q", "-a", "-m", "two");
    await folder.run("approve --key alice.key --yes");
    git("commit", "-q", "-a", "-m", "approved by one");
    expect((await folder.run("approve --key ben.key --yes")).stderr).toContain("compared with git commit");
  });

  test("the whole content where the revision before is at hand nowhere", async () => {
    await lockSecond();
    const { stderr } = await folder.run("approve --key alice.key --yes");
    expect(stderr).toContain("Revision 1 is at hand neither at the control plane nor in git.");
    expect(stderr).toContain("  + flag:search\n");
    expect(stderr).toContain("How many users move can't be said");
    expect(stderr).not.toContain("move off→on");
  });

  test("what git has is believed only where it adds up", async () => {
    await edit("on: 10", "on: 24");
    commit();
    await edit("on: 24", "on: 25");
    await folder.run("lock");
    const { stderr } = await folder.run("approve --key alice.key --yes");
    expect(stderr).toContain("at hand neither");
    expect(stderr).not.toContain("24 %");
  });

  describe("from the control plane", () => {
    const line = "approve --key alice.key --yes --url http://cp.example --token t";

    test("the change since the release that it replaces", async () => {
      const world = await controlPlane(document);
      await lockSecond();
      const { stderr } = await folder.run(line, {}, undefined, world);
      expect(stderr).toContain("compared with release 4, from http://cp.example:\n  ~ flag:checkout\n");
    });

    test("a control plane that shows another past than was signed is not believed", async () => {
      const world = await controlPlane(document.replace("on: 10", "on: 24.9"));
      await lockSecond();
      const { stderr } = await folder.run(line, {}, undefined, world);
      expect(stderr).toContain("at hand neither");
      expect(stderr).not.toContain("24.9");
    });
  });

  test("text that would hide itself on a terminal is shown as what it is", () => {
    const text = approvalViewText({
      origin: "local/acme/shop",
      revision: 2,
      parent: "p",
      configRoot: "r",
      configSize: 1,
      snapshotDigest: "sha256:0",
      notAfter: clock,
      undoNotAfter: null,
      changesFrom: "release 1",
      changes: [{ key: "flag:a\u202eb", kind: "added", members: [{ path: ["metadata"], after: "\u001b[2J\u200b" }] }],
      rebucketed: ["a\u202eb: 1 %"],
      plans: [{ flag: "a\u0085b", steps: [1_000] }],
    });
    expect(text).not.toMatch(/[\u001b\u0085\u200b\u202e]/);
    expect(text).toContain("flag:a\\u{202e}b");
    expect(text).toContain("a\\u{85}b: any of 1 % may be served");
  });

  test("programs get all of it as JSON", async () => {
    commit();
    await lockSecond();
    const { stdout } = await folder.run("approve --key alice.key --yes --format json --with-undo");
    expect(JSON.parse(stdout)).toMatchObject({
      origin: "local/acme/shop",
      revision: 2,
      notAfter: clock + 7 * day,
      undoNotAfter: clock + 30 * day,
      approver: "alice",
      approvals: 1,
      undoApprovals: 1,
      threshold: 2,
      changes: [{ key: "flag:checkout", kind: "changed" }],
      rebucketed: ["checkout: on 10 % → 25 %: 15 % move off→on, 0 % move otherwise"],
      plans: [{ flag: "search", steps: [5_000, 25_000, 100_000] }],
    });
  });
});

describe("the undo", () => {
  test("going back after it was approved by all needs nobody any more", async () => {
    commit();
    await lockSecond();
    await folder.run("approve --key alice.key --yes --with-undo");
    const { stderr } = await folder.run("approve --key ben.key --yes --with-undo");
    expect(stderr).toContain("undo         revision 3 that takes all of it back, publishable until 2027-02-14");
    expect(stderr).toContain("its undo, revision 3: 2 of 2 approvals");
    await edit("on: 25", "on: 10");
    await folder.run("lock");
    expect(await lockNow()).toMatchObject({ revision: 3 });
    expect((await folder.run("verify")).exit).toBe(0);
  });

  test("is signed only by those who ask for it", async () => {
    commit();
    await lockSecond();
    await folder.run("approve --key alice.key --yes --with-undo");
    const { stderr } = await folder.run("approve --key ben.key --yes");
    expect(stderr).toContain("its undo, revision 3: 1 of 2 approvals");
    await folder.run("approve --key ben.key --yes --with-undo");
    expect((await lockNow()).undo?.approvals.signatures).toHaveLength(2);
  });

  test("of a first revision, or of one whose parent isn't at hand, can't be signed", async () => {
    expect(await folder.run("approve --key alice.key --yes --with-undo")).toMatchObject(refused(1, "nothing_to_undo"));
    await lockSecond();
    expect(await folder.run("approve --key alice.key --yes --with-undo")).toMatchObject(refused(1, "parent_missing"));
    expect((await lockNow()).approvals.signatures).toEqual([]);
  });
});
