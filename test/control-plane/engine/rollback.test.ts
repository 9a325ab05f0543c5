/** Going back: old content as a new revision, with the approvals that it needs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEngine, type Engine } from "../../../control-plane/engine/engine.ts";
import { newKey } from "../../../control-plane/keys/new-key.ts";
import { approveRevision, approveUndo } from "../../../control-plane/locker/approve-lock.ts";
import { encodeLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { loadDocument } from "../../../control-plane/locker/load.ts";
import { createPublisher } from "../../../control-plane/publisher/publisher.ts";
import { openSqliteAnchor } from "../../../control-plane/publisher/sqlite-anchor.ts";
import { connectStore } from "../../../control-plane/publisher/store-client.ts";
import type { Entries } from "../../../shared/document/entry.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { canonicalJson, type Json } from "../../../shared/encoding/json.ts";
import { ed25519Type } from "../../../shared/trust/vkey.ts";
import { embedded, type Endpoint } from "../bridge/backend.ts";
import { createAuthority, newMesh } from "./test-authority.ts";
import { bare, documentText, filesOf, lockOf, type DocumentParts } from "./test-document.ts";

const start = 1_800_000_000;
const intent = { actor: "ada", message: "" };
const [alice, ben] = [newKey("alice", ed25519Type).key, newKey("ben", ed25519Type).key];

let endpoint: Endpoint;
let mesh: MeshId;
let engine: Engine;
let now: number;
beforeAll(async () => {
  endpoint = await embedded.open();
});
afterAll(() => endpoint.close());

function open(threshold: number): void {
  mesh = newMesh();
  now = start;
  const authority = createAuthority(mesh, { threshold, keys: [alice, ben] });
  const anchor = openSqliteAnchor(":memory:");
  engine = createEngine({
    authorities: new Map([[mesh, authority]]),
    anchor,
    publisher: createPublisher(connectStore(endpoint), anchor, () => [authority.policy]),
    clock: () => now,
    randomSeed: () => new Uint8Array(32).fill(7),
  });
}

const texts = (entries: Entries): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].map(([key, value]) => [key, canonicalJson(value as unknown as Json)]));

async function stateNow() {
  const state = await engine.state(mesh);
  if (!state.ok) throw new Error(state.error.message);
  return state.value;
}

async function released(made: ReturnType<Engine["push"]>): Promise<void> {
  const outcome = await made;
  if (!outcome.ok) throw new Error(outcome.error.message);
}

describe("where nobody has to approve", () => {
  beforeEach(async () => {
    open(0);
    for (const share of [10, 25]) await released(engine.push(mesh, bare({ share }), intent));
  });

  test("the old content comes into force as the next revision, and says whom that moves", async () => {
    const before = await stateNow();
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      ok: true,
      value: {
        created: true,
        release: { release: 2, revision: 3, parent: before.statement.configRoot },
        rebucketed: [{ text: "checkout: on 25 % → 10 %: 15 % move on→off, 0 % move otherwise" }],
      },
    });
    const { entries } = await stateNow();
    const wanted = loadDocument(filesOf(documentText({ share: 10 })), {}).entries ?? new Map();
    expect(texts(entries)).toEqual(texts(wanted));
  });

  test("a repository that reverts its YAML too comes to the very same revision", async () => {
    await engine.rollback(mesh, 0, intent);
    const state = await stateNow();
    const locked = lockOf(mesh, documentText({ share: 10 }), state.lockText);
    expect(locked).toMatchObject({ changed: false, lock: { revision: 3, configRoot: state.statement.configRoot } });
  });

  test("what is in force already is released no second time", async () => {
    expect(await engine.rollback(mesh, 1, intent)).toMatchObject({ ok: true, value: { created: false } });
    await engine.rollback(mesh, 0, intent);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({ ok: true, value: { created: false } });
  });

  test("going back can be gone back on", async () => {
    await engine.rollback(mesh, 0, intent);
    expect(await engine.rollback(mesh, 1, intent)).toMatchObject({
      value: { release: { release: 3, revision: 4 }, rebucketed: [{ flag: "checkout" }] },
    });
  });

  test("a release that isn't there is unknown", async () => {
    expect(await engine.rollback(mesh, 2, intent)).toMatchObject({ ok: false, error: { code: "release_unknown" } });
  });

  test("a kill stays, unless its flag goes", async () => {
    const flags = `  fresh: { variants: { "on": true, "off": false }, defaultVariant: "off" }`;
    await engine.push(mesh, bare({ share: 25, flags }), intent);
    for (const flag of ["checkout", "fresh"]) await engine.operate(mesh, flag, { kill: true }, intent);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      value: { created: true, release: { overlay: { checkout: { kill: true } } } },
    });
    expect((await stateNow()).overlay).toEqual({ checkout: { kill: true } });
  });

  test("it builds on the release that the caller saw, or not at all", async () => {
    expect(await engine.rollback(mesh, 0, { ...intent, onRelease: 0 })).toMatchObject({
      error: { code: "precondition_failed" },
    });
  });
});

const time = { now: start, notAfterDefault: start + 100 };

const push = (parts: DocumentParts, lock: Lock) =>
  engine.push(mesh, { files: filesOf(documentText(parts)), lock: encodeLockFile(lock) }, intent);

describe("where two have to approve", () => {
  const approved = (lock: Lock): Lock =>
    [alice, ben].reduce((signed, key) => {
      const next = approveRevision(signed, key, time);
      return next.ok ? next.value.lock : signed;
    }, lock);

  /** Revision 2, with its undo approved by these. */
  async function twoRevisions(undoBy: readonly (typeof alice)[]): Promise<void> {
    const one = approved(lockOf(mesh, documentText({ share: 10 })).lock);
    await released(push({ share: 10 }, one));
    const replaced = (await stateNow()).entries;
    const two = undoBy.reduce(
      (signed, key) => {
        const next = approveUndo(signed, replaced, key, time);
        return next.ok ? next.value.lock : signed;
      },
      approved(lockOf(mesh, documentText({ share: 25 }), encodeLockFile(one)).lock),
    );
    await released(push({ share: 25 }, two));
  }

  beforeEach(() => open(2));

  test("an undo that they approved needs nobody any more", async () => {
    await twoRevisions([alice, ben]);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      ok: true,
      value: {
        created: true,
        release: { revision: 3, approvals: { signatures: [{}, {}].map(() => expect.any(String)) } },
      },
    });
  });

  test.each([
    ["nobody", []],
    ["one of them", [alice]],
    ["one of them, twice", [alice, alice]],
  ] as const)("an undo that %s approved is refused, and the refusal says what to do", async (_, undoBy) => {
    await twoRevisions(undoBy);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      ok: false,
      error: { code: "approvals_insufficient", message: expect.stringContaining("rollback 0 --out") as string },
    });
    expect((await stateNow()).statement.release).toBe(1);
  });

  test("the undo covers what the revision replaced, and no other content", async () => {
    await twoRevisions([alice, ben]);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({ ok: true });
    // Revision 3 came with no undo of its own.
    expect(await engine.rollback(mesh, 1, intent)).toMatchObject({ error: { code: "approvals_insufficient" } });
  });

  test("an undo that ended is refused", async () => {
    await twoRevisions([alice, ben]);
    now = start + 101;
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      error: { code: "approvals_expired", message: expect.stringContaining("rollback 0 --out") as string },
    });
  });

  test("kills between a revision and its undo don't matter", async () => {
    await twoRevisions([alice, ben]);
    await engine.operate(mesh, "f0", { kill: true }, intent);
    expect(await engine.rollback(mesh, 0, intent)).toMatchObject({
      ok: true,
      value: { release: { release: 3, revision: 3, overlay: { f0: { kill: true } } } },
    });
  });
});
