import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeLockFile, parseLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { slotsOf, sumLock } from "../../../control-plane/locker/lock-slots.ts";
import { planUndo, undoStep } from "../../../control-plane/locker/lock-undo.ts";
import { lock, type Locked, type LockInput } from "../../../control-plane/locker/lock.ts";
import type { Entries, Entry, EntryKey } from "../../../shared/document/entry.ts";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { limits } from "../../../shared/limits.ts";
import { applyDelta, deltaBetween } from "../../../shared/store/delta.ts";
import { entriesOfSnapshot, parseSnapshot, treeOfSnapshot, type Snapshot } from "../../../shared/store/snapshot.ts";
import { lockVectors, mesh, origin, seed, tool } from "./lock-vectors.ts";

const files: LockInput["files"] = new Map([["mesh.yaml", digestOf("one")]]);
const input = { mesh, origin, files, seed, tool } as const as Omit<LockInput, "entries">;

function locked(entries: Entries, previous?: Lock, changes: Partial<LockInput> = {}): Locked {
  const result = lock({ ...input, entries, previous, ...changes });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const flags = (...names: readonly string[]): Map<EntryKey, Entry> =>
  new Map(names.map((name) => [`flag:${name}`, { state: "ENABLED", variants: { on: true, off: false } }]));
const slotsByKey = ({ lock }: Locked): Record<string, number> =>
  Object.fromEntries([...lock.entries].map(([key, { slot }]) => [key, slot]));

describe("locking revision after revision", () => {
  test("gives the very bytes that the reference computed", () => {
    let previous: Lock | undefined;
    for (const vector of lockVectors) {
      const next = locked(vector.entries, previous, { files: vector.files });
      expect(next.text).toBe(vector.lock);
      expect(next.snapshot).toBe(vector.snapshot);
      previous = next.lock;
    }
  });

  test("doesn't depend on the order of entries or files", () => {
    let previous: Lock | undefined;
    for (const { entries, files } of lockVectors) {
      const next = locked(new Map([...entries].reverse()), previous, { files: new Map([...files].reverse()) });
      expect(next.text).toBe(locked(entries, previous, { files }).text);
      previous = next.lock;
    }
  });

  test("gives another root with another seed, and another order of slots", () => {
    const entries = flags("a", "b", "c", "d", "e", "f");
    const one = locked(entries);
    const other = locked(entries, undefined, { seed: new Uint8Array(32) });
    expect(other.lock.configRoot).not.toBe(one.lock.configRoot);
    expect(slotsByKey(other)).not.toEqual(slotsByKey(one));
  });

  test("keeps the first seed", () => {
    const next = locked(flags("a", "b"), locked(flags("a")).lock, { seed: new Uint8Array(32) });
    expect(next.lock.seed).toBe(toBase64(seed));
  });
});

describe("a lock", () => {
  const first = locked(flags("a", "b", "c"));

  test("of the same entries and files is the previous one, byte by byte, whatever the tool", () => {
    const again = locked(flags("a", "b", "c"), first.lock, { tool: "flagmesh 9.9.9" });
    expect(again.text).toBe(first.text);
    expect(again.changed).toBe(false);
  });

  test("of the same entries in other files keeps revision and approvals", () => {
    const approvals = { notAfter: 1_800_000_000, signatures: ["— alice AAAAAAAA"] };
    const moved = new Map([["flags/a.yaml", digestOf("two")]]);
    const again = locked(flags("a", "b", "c"), { ...first.lock, approvals }, { files: moved, tool: "flagmesh 9.9.9" });
    expect(again.lock).toEqual({ ...first.lock, approvals, files: moved, tool: "flagmesh 9.9.9" });
    expect(again.changed).toBe(false);
    expect(again.snapshot).toBe(first.snapshot);
  });

  test("doesn't take another order of an entry's members for a change", () => {
    const reordered = new Map<EntryKey, Entry>([
      ...flags("b", "c"),
      ["flag:a", { variants: { off: false, on: true }, state: "ENABLED" }],
    ]);
    expect(locked(reordered, first.lock).changed).toBe(false);
  });

  test("says what was added, changed and removed, counts one revision, and has no approvals", () => {
    const approvals = { notAfter: 1_800_000_000, signatures: ["— alice AAAAAAAA"] };
    const entries = flags("b", "c", "z", "y").set("flag:b", {
      state: "DISABLED",
      variants: { on: true },
    });
    const next = locked(entries, { ...first.lock, approvals });
    expect(next.changed).toBe(true);
    expect(next.entries).toEqual({ added: ["flag:y", "flag:z"], changed: ["flag:b"], removed: ["flag:a"] });
    expect(next.lock.revision).toBe(2);
    expect(next.lock.parent).toBe(first.lock.configRoot);
    expect(next.lock.approvals).toEqual({ notAfter: 0, signatures: [] });
  });

  test("names what it changed in the order of keys, whatever order they come in", () => {
    const all = locked(new Map([...flags("a", "b", "c", "d")].reverse())).lock;
    const reordered = { ...all, entries: new Map([...all.entries].sort(([a], [b]) => (a < b ? 1 : -1))) };
    const edited = flags("f", "e", "b", "a");
    for (const key of edited.keys()) edited.set(key, { state: "DISABLED", variants: {} });
    expect(locked(edited, reordered).entries).toEqual({
      added: ["flag:e", "flag:f"],
      changed: ["flag:a", "flag:b"],
      removed: ["flag:c", "flag:d"],
    });
  });

  test("keeps slot, revision and leaf of an unchanged entry, and the slot of a changed one", () => {
    const entries = flags("a", "b", "c").set("flag:b", { state: "DISABLED", variants: { on: true } });
    const next = locked(entries, first.lock);
    expect(next.lock.entries.get("flag:a")).toEqual(first.lock.entries.get("flag:a"));
    expect(next.lock.entries.get("flag:b")).toMatchObject({ rev: 2, slot: first.lock.entries.get("flag:b")!.slot });
  });

  test("leaves a removed entry's slot vacant, and gives it to the next one that is added", () => {
    const without = locked(flags("a", "c"), first.lock);
    const { slot } = first.lock.entries.get("flag:b")!;
    expect(without.lock.vacant).toEqual([{ slot, rev: 2 }]);
    expect(without.lock.configSize).toBe(3);
    const returned = locked(flags("a", "b", "c"), without.lock);
    expect(returned.lock.entries.get("flag:b")).toMatchObject({ slot, rev: 3 });
    expect(returned.lock.entries.get("flag:b")!.leaf).not.toBe(first.lock.entries.get("flag:b")!.leaf);
    expect(returned.lock.vacant).toEqual([]);
  });

  test("fills the lowest vacant slots first, those of the same revision too, then appends", () => {
    const vacated = locked(new Map(), first.lock);
    expect(vacated.lock.configSize).toBe(3);
    const filled = locked(flags("d", "e", "f", "g", "h"), vacated.lock);
    expect(new Set(Object.values(slotsByKey(filled)))).toEqual(new Set([0, 1, 2, 3, 4]));
    const one = locked(flags("x"), vacated.lock);
    expect(slotsByKey(one)).toEqual({ "flag:x": 0 });
    const replaced = locked(flags("d", "e", "f", "g"), first.lock);
    expect(replaced.lock.configSize).toBe(4);
  });

  test("of no entries has the empty tree's root", () => {
    const empty = locked(new Map());
    expect(empty.lock).toMatchObject({ revision: 1, configSize: 0, configRoot: empty.lock.parent });
  });
});

describe("locking is refused", () => {
  const first = locked(flags("a", "b", "c")).lock;
  const refusal = (previous: Lock, entries = flags("a", "b", "c")): unknown => {
    const result = lock({ ...input, entries, previous });
    return result.ok ? undefined : result.error;
  };

  test("on the lock of another mesh", () => {
    const other = { ...first, mesh: "acme/staging", origin: "mesh.example.com/acme/staging" } as Lock;
    expect(refusal(other)).toEqual({ code: "origin_changed", wanted: origin, found: other.origin });
  });

  test("on the lock of another deployment", () => {
    expect(refusal({ ...first, origin: `other.example.com/${mesh}` })).toMatchObject({ code: "origin_changed" });
  });

  test.each<[string, Partial<Lock>]>([
    ["root", { configRoot: first.parent }],
    ["size", { configSize: 4 }],
    ["parent", { parent: first.configRoot }],
    ["snapshot", { snapshotDigest: digestOf("other") }],
  ])("on a lock whose %s doesn't add up", (what, change) => {
    expect(refusal({ ...first, ...change })).toMatchObject({ code: "previous_tampered", tampering: { what } });
  });

  test("where the snapshot would be too large", () => {
    const large = flags("a").set("flag:a", { state: "ENABLED", variants: { a: "x".repeat(limits.snapshotBytesMax) } });
    expect(refusal(first, large)).toEqual({ code: "snapshot_too_large", bytesMax: limits.snapshotBytesMax });
  });

  test("where the lock file would be too large", () => {
    const many = new Map(
      Array.from({ length: 9 }, (_, i) => [`${i}${"x".repeat(1024 * 1024)}`, digestOf("")] as const),
    );
    expect(lock({ ...input, entries: new Map(), files: many })).toEqual({
      ok: false,
      error: { code: "lock_too_large", bytesMax: limits.lockBytesMax },
    });
  });
});

describe("a planned undo", () => {
  const before = flags("a", "b", "c");
  const first = locked(before).lock;
  const second = locked(flags("a", "c", "d"), first).lock;
  const planned = planUndo(second, before);
  const approvals = { notAfter: 1_800_000_000, signatures: ["— alice AAAAAAAA"] };
  const withUndo: Lock = { ...(planned.ok ? planned.value : second) };
  const approved: Lock = { ...withUndo, undo: { ...withUndo.undo!, approvals } };

  test("leaves the lock as it is, beside where its undo leads", () => {
    expect({ ...withUndo, undo: null }).toEqual(second);
    expect(sumLock(withUndo).ok).toBe(true);
  });

  test("is signed as the very step that locking the old entries makes", () => {
    const { origin, revision, configRoot, configSize, snapshotDigest, parent } = locked(before, withUndo).lock;
    const step = { origin, revision, configRoot, configSize, snapshotDigest, parent };
    expect(undoStep(withUndo, withUndo.undo!)).toEqual(step);
  });

  test("is approved as soon as the entries are the old ones again", () => {
    const undone = locked(before, approved).lock;
    expect(undone).toMatchObject({ revision: 3, configRoot: approved.undo!.configRoot, approvals, undo: null });
  });

  test("approves nothing else", () => {
    expect(locked(flags("a"), approved).lock.approvals.signatures).toEqual([]);
  });

  test("stays when only files change", () => {
    expect(locked(flags("a", "c", "d"), approved, { files: new Map() }).lock.undo).toEqual(approved.undo);
  });
});

const snapshotOf = (text: string): Snapshot => {
  const parsed = parseSnapshot(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const same = (a: Entry | undefined, b: Entry | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

describe("after any sequence of edits", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l");
  const share = fc.integer({ min: 0, max: 3 });
  const document: fc.Arbitrary<Entries> = fc
    .uniqueArray(fc.tuple(name, share), { selector: ([key]) => key, maxLength: 12 })
    .map((all) => new Map(all.map(([key, share]) => [`flag:${key}`, { state: "ENABLED", variants: { on: share } }])));
  test("the lock adds up, reads back, and has the root that a rebuild gives", () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 8 }), (documents) => {
        let previous: Lock | undefined;
        let most = 0;
        for (const entries of documents) {
          const next = locked(entries, previous);
          const snapshot = snapshotOf(next.snapshot);
          const rebuilt = treeOfSnapshot(snapshot);
          const sum = sumLock(next.lock);
          expect(rebuilt.ok && toBase64(rebuilt.value.root)).toBe(next.lock.configRoot);
          expect(sum).toEqual(rebuilt);
          expect(slotsOf(next.lock, entries)).toEqual(snapshot.slots);
          expect(new Map(entriesOfSnapshot(snapshot))).toEqual(new Map(entries));
          expect(digestOf(next.snapshot)).toBe(next.lock.snapshotDigest);
          expect(parseLockFile(next.text)).toEqual({ ok: true, value: next.lock });
          expect(encodeLockFile(next.lock)).toBe(next.text);
          most = Math.max(most, entries.size);
          expect(next.lock.configSize).toBe(most);
          previous = next.lock;
        }
      }),
      { numRuns: 60 },
    );
  });

  test("what didn't change keeps its slot, revision and leaf; what did has the new revision", () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const first = locked(before).lock;
        const second = locked(after, first).lock;
        const unchanged = [...after.keys()].filter((key) => same(before.get(key), after.get(key)));
        const changed = [...after.keys()].filter((key) => !unchanged.includes(key));
        expect(unchanged.map((key) => second.entries.get(key))).toEqual(unchanged.map((key) => first.entries.get(key)));
        expect(changed.map((key) => second.entries.get(key)?.rev)).toEqual(changed.map(() => 2));
      }),
    );
  });

  test("the delta between two revisions leads from one's tree to the other's", () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const first = locked(before);
        const second = locked(after, first.lock);
        const [from, to] = [snapshotOf(first.snapshot), snapshotOf(second.snapshot)];
        const [fromTree, toTree] = [treeOfSnapshot(from), treeOfSnapshot(to)];
        if (!fromTree.ok || !toTree.ok) throw new Error("a lock gave a snapshot that doesn't add up");
        const signed = { configRoot: toTree.value.root, configSize: toTree.value.size };
        const applied = applyDelta({ snapshot: from, tree: fromTree.value }, deltaBetween(from, to)!, signed);
        expect(applied).toEqual({ ok: true, value: { snapshot: to, tree: toTree.value } });
      }),
    );
  });
});
