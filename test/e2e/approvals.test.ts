/** Two of three have to approve: the control plane asks for it, and the router asks again, whatever the control plane says. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newKey } from "../../control-plane/keys/new-key.ts";
import { approveRevision } from "../../control-plane/locker/approve-lock.ts";
import { encodeLockFile, parseLockFile, type Lock } from "../../control-plane/locker/lock-file.ts";
import { parentOfFirst, slotsOf } from "../../control-plane/locker/lock-slots.ts";
import { loadDocument } from "../../control-plane/locker/load.ts";
import { lock as lockEntries } from "../../control-plane/locker/lock.ts";
import type { Content } from "../../control-plane/engine/make-release.ts";
import { utf8 } from "../../shared/encoding/bytes.ts";
import { encodeSnapshot } from "../../shared/store/snapshot.ts";
import type { Entries } from "../../shared/document/entry.ts";
import { ed25519Type, encodeVkey } from "../../shared/trust/vkey.ts";
import { createCli, type Cli } from "./cli.ts";
import { meshId, splitDocument, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";
import { publishUnchecked } from "./taken-over.ts";

const names = ["alice", "ben", "ci"] as const;
const keys = names.map((name) => newKey(name, ed25519Type));
const [alice, ben] = keys.map(({ key }) => key) as [(typeof keys)[0]["key"], (typeof keys)[0]["key"]];
const insecure = "--allow-insecure-endpoints";
const day = 86_400;

let mesh: TestMesh;
let on: TestBackend;
let off: TestBackend;
let cli: Cli;

beforeAll(async () => {
  [on, off] = [await startBackend("on"), await startBackend("off")];
  mesh = await startMesh({ approvers: { threshold: 2, keys: keys.map(({ key }) => encodeVkey(key.vkey)) } });
  cli = createCli(mesh);
  for (const [i, { text }] of keys.entries()) cli.write(`${names[i]}.key`, `${text}\n`);
});

afterAll(async () => {
  cli.remove();
  await mesh.close();
  await Promise.all([on.close(), off.close()]);
});

/** Writes a document with this share, and locks it. */
async function locked(share: number): Promise<void> {
  cli.write("mesh.yaml", splitDocument(on, off, share));
  const { exit, stderr } = await cli.run(`lock --deployment local ${insecure}`);
  if (exit !== 0) throw new Error(stderr);
}

async function approve(name: (typeof names)[number], more = "", clock?: () => number): Promise<void> {
  const line = `approve --key ${name}.key --yes ${insecure} --policy ${cli.policyFile} ${more}`.trim();
  const { exit, stderr } = await cli.run(line, clock === undefined ? {} : { clock });
  if (exit !== 0) throw new Error(stderr);
}

async function published(share: number, more = ""): Promise<void> {
  await locked(share);
  for (const name of ["alice", "ci"] as const) await approve(name, more);
  const { exit, stderr } = await cli.run("push");
  if (exit !== 0) throw new Error(stderr);
}

const refused = (exit: number, code: string) => ({ exit, stderr: expect.stringContaining(`[${code}]`) as string });

function lockNow(): Lock {
  const parsed = parseLockFile(cli.read("flagmesh.lock"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const served = async (): Promise<string> => (await mesh.get("/", { "x-user-id": "ada" })).text();

async function newestRelease(): Promise<{ release: number; revision: number }> {
  const { releases } = (await (await mesh.api("/releases")).json()) as {
    releases: { release: number; revision: number }[];
  };
  return releases[0] ?? { release: -1, revision: 0 };
}

const eightDaysAgo = (): number => Math.floor(Date.now() / 1_000) - 8 * day;

async function newestLock(): Promise<Lock> {
  const parsed = parseLockFile(await (await mesh.api("/lock")).text());
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** A revision that sends everybody to `on`, as the next of the newest. */
async function nextLock(): Promise<Lock> {
  const previous = await newestLock();
  const input = { mesh: meshId, origin: previous.origin, files: new Map(), seed: new Uint8Array(32), tool: "t" };
  const next = lockEntries({ ...input, entries: hostileEntries(), previous });
  if (!next.ok) throw new Error(next.error.code);
  return next.value.lock;
}

function hostileEntries(): Entries {
  const files = new Map([["mesh.yaml", utf8(splitDocument(on, off, 100))]]);
  const { entries } = loadDocument(files, { allowInsecureEndpoints: true });
  if (entries === undefined) throw new Error("the test's own document is wrong");
  return entries;
}

const contentOf = (lock: Lock): Content => ({
  lock,
  lockText: encodeLockFile(lock),
  snapshot: encodeSnapshot({ origin: lock.origin, slots: slotsOf(lock, hostileEntries()) }),
});

const signedBy = (lock: Lock, ...signers: readonly (typeof alice)[]): Lock =>
  signers.reduce((signed, key) => {
    const now = Math.floor(Date.now() / 1_000);
    const next = approveRevision(signed, key, { now, notAfterDefault: now + day });
    if (!next.ok) throw new Error(next.error.code);
    return next.value.lock;
  }, lock);

const twice = ({ approvals, ...lock }: Lock): Lock => ({
  ...lock,
  approvals: { ...approvals, signatures: approvals.signatures.flatMap((line) => [line, line]) },
});

describe("the control plane", () => {
  test("refuses a revision that nobody or too few approved, and publishes it once enough have", async () => {
    await locked(0);
    expect(await cli.run("push")).toMatchObject(refused(6, "approvals_insufficient"));
    await approve("alice");
    expect(await cli.run("push")).toMatchObject(refused(6, "approvals_insufficient"));
    await approve("ben");
    expect((await cli.run("push")).exit).toBe(0);
    await mesh.until(({ revision }) => revision === 1);
    expect(await served()).toBe("off");
  });

  test("refuses a document without a lock, which nobody can have approved", async () => {
    expect((await mesh.push(splitDocument(on, off, 100))).status).toBe(422);
  });

  test("refuses what was edited after it was approved", async () => {
    await locked(5);
    for (const name of ["alice", "ben"] as const) await approve(name);
    cli.write("mesh.yaml", splitDocument(on, off, 6));
    expect(await cli.run("push")).toMatchObject(refused(4, "lock_drifted"));
    await locked(6);
    expect(await cli.run("push")).toMatchObject(refused(6, "approvals_insufficient"));
  });

  test("refuses approvals that were given to another revision", async () => {
    const newest = await newestLock();
    cli.write("flagmesh.lock", encodeLockFile(newest));
    await locked(7);
    cli.write("flagmesh.lock", encodeLockFile({ ...lockNow(), approvals: newest.approvals }));
    expect(await cli.run("push")).toMatchObject(refused(6, "approvals_insufficient"));
  });

  test("refuses approvals that have ended", async () => {
    cli.write("flagmesh.lock", encodeLockFile(await newestLock()));
    await locked(8);
    for (const name of ["alice", "ben"] as const) await approve(name, "", eightDaysAgo);
    expect(await cli.run("push")).toMatchObject(refused(6, "approvals_expired"));
  });

  test("refuses an approved revision whose place another one took", async () => {
    const base = encodeLockFile(await newestLock());
    cli.write("flagmesh.lock", base);
    await locked(9);
    for (const name of ["alice", "ben"] as const) await approve(name);
    const [late, lateDocument] = [cli.read("flagmesh.lock"), cli.read("mesh.yaml")];
    cli.write("flagmesh.lock", base);
    await published(0.001);
    cli.write("flagmesh.lock", late);
    cli.write("mesh.yaml", lateDocument);
    expect(await cli.run("push")).toMatchObject(refused(7, "stale_parent"));
    expect(await newestRelease()).toMatchObject({ revision: 2 });
  });
});

describe("going back", () => {
  test("publishes an undo that was approved beforehand, with nobody awake", async () => {
    cli.write("flagmesh.lock", encodeLockFile(await newestLock()));
    const { release } = await newestRelease();
    await published(100, "--with-undo");
    await mesh.until(({ revision }) => revision === 3);
    expect(await served()).toBe("on");
    const { exit, stdout } = await cli.run(`rollback ${release}`);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining("move on→off") as string });
    await mesh.until(({ revision }) => revision === 4);
    expect(await served()).toBe("off");
  });

  test("further than that needs approvals, for which it writes a folder", async () => {
    expect(await cli.run("rollback 0")).toMatchObject(refused(6, "approvals_insufficient"));
    expect((await cli.run("rollback 0 --out back")).exit).toBe(0);
    expect(await cli.run("push --dir back")).toMatchObject(refused(6, "approvals_insufficient"));
    for (const name of ["alice", "ben"] as const) await approve(name, "--dir back");
    expect((await cli.run("push --dir back")).exit).toBe(0);
    await mesh.until(({ revision }) => revision === 5);
  });

  test("to what is in force changes nothing, and to a release that isn't there is refused", async () => {
    const { release } = await newestRelease();
    expect((await cli.run(`rollback ${release}`)).stdout).toContain("nothing to do");
    expect(await cli.run("rollback 99")).toMatchObject(refused(1, "release_unknown"));
    expect(await cli.run("rollback last")).toMatchObject(refused(2, "bad_release"));
  });
});

describe("the router, at a control plane that was taken over and signs with the mesh's own keys,", () => {
  test.each<[string, string, (lock: Lock) => Lock | Promise<Lock>]>([
    ["without approvals", "approvals_insufficient", (lock) => lock],
    ["with one approval", "approvals_insufficient", (lock) => signedBy(lock, alice)],
    ["with one approval, listed twice", "approvals_insufficient", (lock) => twice(signedBy(lock, alice))],
    [
      "with approvals by keys of its own",
      "approvals_insufficient",
      (lock) => signedBy(lock, newKey("alice", ed25519Type).key, newKey("ben", ed25519Type).key),
    ],
    [
      "with the approvals of the revision before",
      "approvals_insufficient",
      async (lock) => ({ ...lock, approvals: (await newestLock()).approvals }),
    ],
    [
      "with approvals that name another revision as the one before",
      "revision_out_of_sequence",
      (lock) => signedBy({ ...lock, parent: parentOfFirst }, alice, ben),
    ],
    [
      "with approvals of a later revision",
      "revision_out_of_sequence",
      (lock) => signedBy({ ...lock, revision: lock.revision + 1 }, alice, ben),
    ],
  ])("refuses a revision %s, and serves the last good one", async (_, code, forge) => {
    const before = await mesh.health();
    const putBack = await publishUnchecked(mesh, contentOf(await forge(await nextLock())));
    try {
      const after = await mesh.until(({ failures }) => (failures[code] ?? 0) > (before.failures[code] ?? 0));
      expect(after).toMatchObject({
        release: before.release,
        revision: before.revision,
        lastFailure: { code, step: 5 },
      });
      expect(await served()).toBe("off");
    } finally {
      await putBack();
    }
  });

  test("takes the same revision once two have approved it: nothing else was wrong with the others", async () => {
    const lock = signedBy(await nextLock(), alice, ben);
    const putBack = await publishUnchecked(mesh, contentOf(lock));
    await mesh.until(({ revision }) => revision === lock.revision);
    expect(await served()).toBe("on");
    await putBack();
  });

  test("has nothing to serve where it starts on an unapproved revision, rather than that", async () => {
    const putBack = await publishUnchecked(mesh, contentOf(await nextLock()));
    await mesh.restartRouter();
    expect((await mesh.get("/", { "x-user-id": "ada" })).status).toBe(503);
    await mesh.until(({ failures }) => (failures["approvals_insufficient"] ?? 0) > 0);
    await putBack();
    await mesh.until(({ revision }) => revision === 5);
    expect(await served()).toBe("off");
  });
});
