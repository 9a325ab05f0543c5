/** A mesh whose policy asks for two of three approvals: nothing else is published, whoever pushes it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newKey } from "../../../control-plane/keys/new-key.ts";
import { encodeLockFile, parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { encodeSignatureLine } from "../../../shared/trust/signed-note.ts";
import { approvalText } from "../../../shared/trust/approval.ts";
import { ed25519Type } from "../../../shared/trust/vkey.ts";
import { bundleOf, mesh, startApi, type Answer, type LiveApi } from "../api/live-api.ts";
import { approvedText } from "../engine/approving.ts";
import { documentText, lockOf } from "../engine/test-document.ts";

const start = 1_800_000_000;
const later = start + 3_600;
const [ada, bob, eve, stranger] = ["ada", "bob", "eve", "stranger"].map((name) => newKey(name, ed25519Type).key) as [
  ReturnType<typeof newKey>["key"],
  ReturnType<typeof newKey>["key"],
  ReturnType<typeof newKey>["key"],
  ReturnType<typeof newKey>["key"],
];

let api: LiveApi;
let now: number;

beforeEach(async () => {
  now = start;
  api = await startApi({ approvers: { threshold: 2, keys: [ada, bob, eve] }, clock: () => now });
});
afterEach(() => api.close());

const codeOf = ({ status, body }: Answer): readonly [number, unknown] => [status, body["code"]];
const text = documentText();
const push = (lockText: string, document = text): Promise<Answer> => api.push(bundleOf(document, lockText));

async function nextLock(document: string): Promise<Lock> {
  const previous = await api.call("GET", "/lock");
  return lockOf(mesh, document, previous.text).lock;
}

test("two approvals are enough, and stand in the release", async () => {
  const { lock } = lockOf(mesh, text);
  const approved = approvedText(lock, [ada, eve], later);
  const pushed = await push(approved);
  expect(pushed.status).toBe(201);
  const parsed = parseLockFile(approved);
  expect(pushed.body["approvals"]).toEqual(parsed.ok && parsed.value.approvals);
});

test("a bare document needs its lock", async () => {
  expect(codeOf(await api.push(text))).toEqual([422, "lock_required"]);
});

const key = (lock: Lock) => lock.entries.get("flag:checkout")!.leaf;

describe("is refused", () => {
  test.each<readonly [string, (lock: Lock) => string]>([
    ["no approval", (lock) => encodeLockFile(lock)],
    ["one approval", (lock) => approvedText(lock, [ada], later)],
    ["the same key twice", (lock) => approvedText(lock, [ada, ada], later)],
    ["a key that the policy doesn't name", (lock) => approvedText(lock, [ada, stranger], later)],
    ["another time limit than was signed", (lock) => approvedText(lock, [ada, bob], later + 1, lock, later)],
    ["approvals of another revision", (lock) => approvedText(lock, [ada, bob], later, { ...lock, revision: 2 })],
    ["approvals of another parent", (lock) => approvedText(lock, [ada, bob], later, { ...lock, parent: key(lock) })],
    ["approvals of another root", (lock) => approvedText(lock, [ada, bob], later, { ...lock, configRoot: key(lock) })],
    ["approvals of another origin", (lock) => approvedText(lock, [ada, bob], later, { ...lock, origin: "x/y/z" })],
    [
      "a stranger's key under an approver's name",
      (lock) => {
        const signature = stranger.signNote(approvalText(lock, later));
        const lines = [{ ...signature, name: "ada", keyId: ada.vkey.keyId }, bob.signNote(approvalText(lock, later))];
        return encodeLockFile({
          ...lock,
          approvals: { notAfter: later, signatures: lines.map((line) => encodeSignatureLine(line)) },
        });
      },
    ],
    [
      "lines that are no signatures",
      (lock) => encodeLockFile({ ...lock, approvals: { notAfter: later, signatures: ["ada", "bob", ""] } }),
    ],
  ])("%s", async (_, made) => {
    expect(codeOf(await push(made(lockOf(mesh, text).lock)))).toEqual([403, "approvals_insufficient"]);
    expect(codeOf(await api.call("GET", "/flags"))).toEqual([404, "nothing_published"]);
  });

  test("what was edited after it was approved", async () => {
    const approved = approvedText(lockOf(mesh, text).lock, [ada, bob], later);
    expect(codeOf(await push(approved, documentText({ share: 11 })))).toEqual([422, "lock_drifted"]);
    const { lock } = lockOf(mesh, documentText({ share: 11 }));
    const parsed = parseLockFile(approved);
    const moved = encodeLockFile({ ...lock, approvals: parsed.ok ? parsed.value.approvals : lock.approvals });
    expect(codeOf(await push(moved, documentText({ share: 11 })))).toEqual([403, "approvals_insufficient"]);
  });
});

describe("the time limit of approvals", () => {
  test.each([
    ["at its second", later, [201, undefined]],
    ["a second later", later + 1, [403, "approvals_expired"]],
  ] as const)("%s", async (_, at, expected) => {
    now = at;
    expect(codeOf(await push(approvedText(lockOf(mesh, text).lock, [ada, bob], later)))).toEqual(expected);
  });

  test("doesn't matter once the revision is published", async () => {
    const approved = approvedText(lockOf(mesh, text).lock, [ada, bob], later);
    await push(approved);
    now = later + 1_000;
    expect(codeOf(await push(approved))).toEqual([200, undefined]);
    expect((await api.call("POST", "/flags/checkout/kill")).status).toBe(201);
  });
});

test("approvals are serial: of two approved changes of one base, the second has to be approved again", async () => {
  await push(approvedText(lockOf(mesh, text).lock, [ada, bob], later));
  const [one, two] = [documentText({ share: 20 }), documentText({ share: 30 })];
  const [first, second] = [await nextLock(one), await nextLock(two)];
  expect((await push(approvedText(first, [ada, bob], later), one)).status).toBe(201);
  expect(codeOf(await push(approvedText(second, [ada, bob], later), two))).toEqual([409, "stale_parent"]);
  const relocked = await nextLock(two);
  expect((await push(approvedText(relocked, [bob, eve], later), two)).status).toBe(201);
});

test("an operator may kill and stage what was approved, with no approver awake", async () => {
  await push(approvedText(lockOf(mesh, text).lock, [ada, bob], later));
  now = later + 100_000;
  expect((await api.call("POST", "/flags/checkout/kill")).status).toBe(201);
  const staged = await api.call("POST", "/flags/search/stage", { body: '{"percent":100}' });
  expect(staged.status).toBe(201);
});
