import { beforeAll, describe, expect, test } from "vitest";
import { newKey } from "../../../control-plane/keys/new-key.ts";
import { addApproval, approveRevision, approveUndo } from "../../../control-plane/locker/approve-lock.ts";
import { encodeLockFile, parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { lock } from "../../../control-plane/locker/lock.ts";
import { undoStep } from "../../../control-plane/locker/lock-undo.ts";
import type { Entries } from "../../../shared/document/entry.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { limits } from "../../../shared/limits.ts";
import { countApprovals, noApprovals, type Approvals } from "../../../shared/trust/approval.ts";
import { ed25519Type } from "../../../shared/trust/vkey.ts";
import { load } from "./documents.ts";

const now = 1_800_000_000;
const time = { now, notAfterDefault: now + 100 };
const [alice, ben] = [newKey("alice", ed25519Type).key, newKey("ben", ed25519Type).key];
const approvers = [alice.vkey, ben.vkey];

const entriesWith = (share: number): Entries => {
  const { entries } = load({
    "mesh.yaml": `flags: { a: { variants: { on: 1, off: 2 }, defaultVariant: off, rollout: { on: ${share} } } }`,
  });
  if (entries === undefined) throw new Error("the test's own document is wrong");
  return entries;
};

function locked(share: number, previous?: Lock): Lock {
  const mesh = "acme/shop" as MeshId;
  const input = { mesh, origin: `local/${mesh}`, files: new Map(), seed: new Uint8Array(32), tool: "test" };
  const next = lock({ ...input, entries: entriesWith(share), previous });
  if (!next.ok) throw new Error(next.error.code);
  return next.value.lock;
}

let first: Lock;
let second: Lock;
beforeAll(() => {
  first = locked(10);
  second = locked(25, first);
});

const approvalsOf = (result: ReturnType<typeof addApproval>): Approvals => {
  if (!result.ok) throw new Error(result.error.code);
  return result.value.approvals;
};

const others = (count: number): Approvals => ({
  notAfter: now,
  signatures: Array.from({ length: count }, (_, i) => `— other-${i} AAAAAAA${"A".repeat(81)}`),
});

describe("adding an approval", () => {
  test("gives a signature that counts, and a lock file that can be read", async () => {
    const approved = approveRevision(second, alice, time);
    expect(approved).toMatchObject({ ok: true, value: { added: true } });
    const { lock } = approved.ok ? approved.value : { lock: second };
    expect(await countApprovals(lock, lock.approvals, approvers)).toBe(1);
    expect(parseLockFile(encodeLockFile(lock))).toEqual({ ok: true, value: lock });
  });

  test("takes the time of the first approver, so that all sign one text", async () => {
    const one = approvalsOf(addApproval(second, noApprovals, alice, { ...time, notAfter: now + 7 }));
    const both = approvalsOf(addApproval(second, one, ben, time));
    expect(both.notAfter).toBe(now + 7);
    expect(await countApprovals(second, both, approvers)).toBe(2);
  });

  test("takes the default where the first approver asks for no time", () => {
    expect(approvalsOf(addApproval(second, noApprovals, alice, time)).notAfter).toBe(now + 100);
  });

  test("refuses another time than the first approver's", () => {
    const one = approvalsOf(addApproval(second, noApprovals, alice, time));
    expect(addApproval(second, one, ben, { ...time, notAfter: now + 99 })).toEqual({
      ok: false,
      error: { code: "not_after_differs", wanted: now + 99, found: now + 100 },
    });
    expect(addApproval(second, one, ben, { ...time, notAfter: now + 100 }).ok).toBe(true);
  });

  test("adds nothing to signatures that have ended", () => {
    const one = approvalsOf(addApproval(second, noApprovals, alice, time));
    expect(addApproval(second, one, ben, { ...time, now: now + 100 }).ok).toBe(true);
    expect(addApproval(second, one, ben, { ...time, now: now + 101 })).toEqual({
      ok: false,
      error: { code: "approvals_expired", notAfter: now + 100 },
    });
  });

  test("adds no second signature by the same key", () => {
    const one = approvalsOf(addApproval(second, noApprovals, alice, time));
    expect(addApproval(second, one, alice, time)).toEqual({ ok: true, value: { approvals: one, added: false } });
  });

  test("adds none by the same public key under another name", () => {
    const { key: named } = newKey("x", ed25519Type);
    const again = {
      ...named,
      vkey: { ...named.vkey, name: "y" },
      signNote: (t: string) => ({ ...named.signNote(t), name: "y" }),
    };
    const one = approvalsOf(addApproval(second, noApprovals, named, time));
    expect(addApproval(second, one, again, time)).toMatchObject({ ok: true, value: { added: false } });
  });

  test("replaces a wrong signature that goes by this key's name, which would hide the right one", async () => {
    const stale = approvalsOf(addApproval(first, noApprovals, alice, time));
    const mended = approvalsOf(addApproval(second, stale, alice, time));
    expect(mended.signatures).toHaveLength(1);
    expect(await countApprovals(second, mended, approvers)).toBe(1);
  });

  test("keeps the signatures of others, whoever they are, up to what a lock can carry", () => {
    const room = addApproval(second, others(limits.noteSignaturesMax - 1), alice, time);
    expect(approvalsOf(room).signatures.slice(0, -1)).toEqual(others(limits.noteSignaturesMax - 1).signatures);
    expect(addApproval(second, others(limits.noteSignaturesMax), alice, time)).toEqual({
      ok: false,
      error: { code: "too_many_signatures", max: limits.noteSignaturesMax },
    });
  });
});

describe("approving the undo", () => {
  test("approves exactly the revision that locking the old entries again gives", async () => {
    const approved = approveUndo(second, entriesWith(10), alice, time);
    const withUndo = approved.ok ? approved.value.lock : second;
    expect(withUndo.approvals).toEqual(noApprovals);
    const restored = locked(10, withUndo);
    expect(restored).toMatchObject({ revision: 3, parent: second.configRoot });
    expect(await countApprovals(restored, restored.approvals, approvers)).toBe(1);
  });

  test("approves no other revision", async () => {
    const approved = approveUndo(second, entriesWith(10), alice, time);
    const other = locked(11, approved.ok ? approved.value.lock : second);
    expect(other.approvals).toEqual(noApprovals);
  });

  test("joins those who approved it before", async () => {
    const one = approveUndo(second, entriesWith(10), alice, { ...time, notAfter: now + 5 });
    const both = approveUndo(one.ok ? one.value.lock : second, entriesWith(10), ben, time);
    const { lock } = both.ok ? both.value : { lock: second };
    const undo = lock.undo;
    expect(undo?.approvals.notAfter).toBe(now + 5);
    expect(undo && (await countApprovals(undoStep(lock, undo), undo.approvals, approvers))).toBe(2);
  });

  test("refuses to join an undo that leads elsewhere", () => {
    const elsewhere = approveUndo(second, entriesWith(50), alice, time);
    expect(approveUndo(elsewhere.ok ? elsewhere.value.lock : second, entriesWith(10), ben, time)).toEqual({
      ok: false,
      error: { code: "undo_mismatch" },
    });
  });
});
