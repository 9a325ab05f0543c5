import { afterEach, beforeEach, expect, test } from "vitest";
import type { Lock } from "../../../control-plane/locker/lock-file.ts";
import { parseLockFile } from "../../../control-plane/locker/lock-file.ts";
import { createFolder, type Folder } from "./run.ts";

const document = (share: number): string =>
  `mesh: acme/shop\nflags:\n  a: { variants: { "on": true, "off": false }, defaultVariant: "off", rollout: { "on": ${share} } }\n`;

let newest: Pick<Lock, "origin" | "revision" | "configRoot"> | undefined;
let folder: Folder;
beforeEach(async () => {
  newest = undefined;
  const answer = (): Response =>
    newest === undefined
      ? Response.json({ code: "nothing_published", detail: "no release yet" }, { status: 404 })
      : Response.json({ releases: [{ ...newest, release: 7 }] });
  folder = await createFolder({ fetch: async () => answer() });
  await lockedAt(10);
});
afterEach(async () => folder.remove());

async function lockedAt(share: number): Promise<Lock> {
  await folder.write({ "mesh.yaml": document(share) });
  await folder.run("lock --deployment flags.example.com");
  const lock = parseLockFile(await folder.read("flagmesh.lock"));
  if (!lock.ok) throw new Error(lock.error.message);
  return lock.value;
}

const verify = (options = "--locked") => folder.run(`verify ${options}`, { FLAGMESH_TOKEN: "fm_ci" });

test("a first lock passes, and the one that is published, and the next one after it", async () => {
  expect(await verify()).toMatchObject({ exit: 0, stderr: expect.stringContaining("would be the first") as string });
  newest = await lockedAt(10);
  expect(await verify()).toMatchObject({ exit: 0, stderr: expect.stringContaining("as release 7") as string });
  await lockedAt(20);
  expect(await verify()).toMatchObject({ exit: 0, stderr: expect.stringContaining("next revision") as string });
});

test("a lock that was overtaken, that skips a revision, or that is another's is a conflict", async () => {
  const first = await lockedAt(10);
  const conflict = { exit: 7, stderr: expect.stringContaining("[lock_not_published]") as string };
  newest = { ...first, revision: 2 };
  expect(await verify()).toMatchObject(conflict);
  newest = { ...first, configRoot: first.parent };
  expect(await verify()).toMatchObject(conflict);
  newest = { ...first, origin: "other.example.com/acme/shop" };
  expect(await verify()).toMatchObject(conflict);
  newest = first;
  await lockedAt(20);
  await lockedAt(30);
  expect(await verify()).toMatchObject(conflict);
  expect((await verify("")).exit).toBe(0);
});

test("a lock that drifted is told before anybody is asked", async () => {
  await folder.write({ "mesh.yaml": document(50) });
  expect((await verify()).exit).toBe(4);
});
