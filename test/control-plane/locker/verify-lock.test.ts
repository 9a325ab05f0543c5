import { describe, expect, test } from "vitest";
import { createSigningKey } from "../../../control-plane/keys/signing-key.ts";
import { encodeLockFile, type Lock } from "../../../control-plane/locker/lock-file.ts";
import { slotsOf } from "../../../control-plane/locker/lock-slots.ts";
import { lock, type Locked } from "../../../control-plane/locker/lock.ts";
import { verifyLock, type LockVerdict, type VerifyInput } from "../../../control-plane/locker/verify-lock.ts";
import type { Entries, Entry, EntryKey } from "../../../shared/document/entry.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { base64Bytes, toBase64 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { limits } from "../../../shared/limits.ts";
import { treeOf } from "../../../shared/merkle/tree.ts";
import { encodeSnapshot } from "../../../shared/store/snapshot.ts";
import { approvalText } from "../../../shared/trust/approval.ts";
import { encodeSignatureLine } from "../../../shared/trust/signed-note.ts";
import { ed25519Type } from "../../../shared/trust/vkey.ts";
import { mesh, origin, seed, tool } from "./lock-vectors.ts";

const flags = (...names: readonly string[]): Map<EntryKey, Entry> =>
  new Map(names.map((name) => [`flag:${name}`, { state: "ENABLED", variants: { on: true, off: false } }]));
const files = new Map([
  ["flags/a.yaml", digestOf("a")],
  ["mesh.yaml", digestOf("mesh")],
]);

function locked(entries: Entries, previous?: Lock): Locked {
  const result = lock({ mesh: mesh as MeshId, origin, entries, files, previous, seed, tool });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
// Revision 2, with a vacancy.
const entries = flags("a", "b", "c");
const { lock: current, text, snapshot } = locked(entries, locked(flags("a", "b", "c", "d")).lock);

const verdict = (change: Partial<VerifyInput> = {}): Promise<LockVerdict> =>
  verifyLock({ lockText: text, entries, files, ...change });
const verdictOf = (change: Partial<Lock>): Promise<LockVerdict> =>
  verdict({ lockText: encodeLockFile({ ...current, ...change }) });

describe("a lock that fits", () => {
  test("is fine, and comes with the snapshot that it is a lock of", async () => {
    expect(await verdict({ mesh: mesh as MeshId })).toEqual({ kind: "ok", lock: current, snapshot });
  });
});

describe("a missing, conflicted or malformed lock", () => {
  test.each([
    ["missing", undefined, "flagmesh lock"],
    ["conflicted", `<<<<<<< HEAD\n${text}`, "flagmesh lock"],
    ["malformed", text.replace("revision: 2", "revision: two"), "git restore flagmesh.lock"],
    ["malformed", "", "git restore flagmesh.lock"],
  ])("is %s", async (kind, lockText, mend) => {
    expect(await verdict({ lockText })).toMatchObject({ kind, mend });
  });
});

describe("a drifted document", () => {
  test("is told by the files and entries that were added, changed and removed", async () => {
    const found = await verdict({
      entries: flags("a", "c", "z").set("flag:a", { state: "DISABLED", variants: {} }),
      files: new Map([
        ["mesh.yaml", digestOf("edited")],
        ["flags/z.yaml", digestOf("z")],
      ]),
    });
    expect(found).toMatchObject({
      kind: "drifted",
      files: { added: ["flags/z.yaml"], changed: ["mesh.yaml"], removed: ["flags/a.yaml"] },
      entries: { added: ["flag:z"], changed: ["flag:a"], removed: ["flag:b"] },
      found:
        "added flags/z.yaml; changed mesh.yaml; removed flags/a.yaml; entries: added flag:z; changed flag:a; removed flag:b",
      mend: "flagmesh lock",
    });
  });

  test("whose entries are the same says that approvals will stay", async () => {
    const found = await verdict({ files: new Map([...files, ["README.yaml", digestOf("# words")]]) });
    expect(found).toMatchObject({
      kind: "drifted",
      found: "added README.yaml; no entry differs, so approvals will stay",
      entries: { added: [], changed: [], removed: [] },
    });
  });

  test("is told in the order of names, whatever order they come in", async () => {
    const edited = flags("y", "x", "b", "a");
    for (const key of edited.keys()) edited.set(key, { state: "DISABLED", variants: {} });
    const lockText = locked(flags("a", "b", "c", "d")).text;
    expect(await verdict({ lockText, entries: edited, files: new Map() })).toMatchObject({
      files: { added: [], changed: [], removed: ["flags/a.yaml", "mesh.yaml"] },
      entries: { added: ["flag:x", "flag:y"], changed: ["flag:a", "flag:b"], removed: ["flag:c", "flag:d"] },
    });
    const reversed = { ...current, files: new Map([...files].reverse()) };
    const changed = new Map([...files.keys()].reverse().map((file) => [file, digestOf("edited")] as const));
    expect(await verdict({ lockText: encodeLockFile(reversed), files: changed })).toMatchObject({
      files: { added: [], changed: ["flags/a.yaml", "mesh.yaml"], removed: [] },
    });
  });

  test("names five files and no more", async () => {
    const five = Array.from({ length: 5 }, (_, i) => [`flags/${i}.yaml`, digestOf("")] as const);
    expect(await verdict({ files: new Map([...files, ...five]) })).toMatchObject({
      found: expect.stringContaining("flags/3.yaml, flags/4.yaml;") as string,
    });
  });

  test("names five files and counts the rest", async () => {
    const more = Array.from({ length: 7 }, (_, i) => [`flags/${i}.yaml`, digestOf("")] as const);
    const found = await verdict({ files: new Map([...files, ...more]) });
    expect(found).toMatchObject({ found: expect.stringContaining("flags/4.yaml and 2 more;") as string });
  });

  test("of another mesh is told before anything else of it", async () => {
    expect(await verdict({ mesh: "acme/staging" as MeshId })).toMatchObject({
      kind: "drifted",
      wanted: "a lock of acme/staging",
      found: "one of acme/production",
      mend: "rm flagmesh.lock && flagmesh lock",
    });
  });
});

describe("a tampered lock", () => {
  const entry = current.entries.get("flag:a")!;
  const other = current.entries.get("flag:b")!;
  const withEntry = (change: Partial<typeof entry>): Partial<Lock> => ({
    entries: new Map(current.entries).set("flag:a", { ...entry, ...change }),
  });
  const [vacancy] = current.vacant;

  test.each<[string, Partial<Lock>, string]>([
    ["with another root", { configRoot: current.parent }, "root"],
    ["with another leaf", withEntry({ leaf: other.leaf }), "root"],
    ["with another size", { configSize: 5 }, "size"],
    ["with two entries in one slot", withEntry({ slot: other.slot }), "slots"],
    ["with a slot beyond its size", withEntry({ slot: 4 }), "slots"],
    ["with an entry fewer", { entries: new Map([...current.entries].slice(1)) }, "size"],
    ["with a vacancy fewer", { vacant: [] }, "size"],
    ["with a vacancy in an entry's slot", { vacant: [{ ...vacancy!, slot: entry.slot }] }, "slots"],
    ["with another revision of a vacancy", { vacant: [{ ...vacancy!, rev: 1 }] }, "root"],
    ["with a vacancy of the future", { vacant: [{ ...vacancy!, rev: 3 }] }, "revision"],
    ["with an entry of the future", withEntry({ rev: 3 }), "revision"],
    ["with another revision of an entry", withEntry({ rev: 2 }), "leaf"],
    ["with another seed", { seed: current.parent }, "root"],
    ["with another snapshot", { snapshotDigest: digestOf("other") }, "snapshot"],
    ["with an origin of another mesh", { origin: "mesh.example.com/acme/staging" }, "origin"],
    ["with an origin that is none", { origin: "acme/production" }, "origin"],
    ["with another deployment", { origin: `other.example.com/${mesh}` }, "snapshot"],
    ["of a first revision with a parent", { revision: 1, vacant: [{ ...vacancy!, rev: 1 }] }, "parent"],
  ])("%s is told by its %s", async (_, change, what) => {
    expect(await verdictOf(change)).toMatchObject({ kind: "tampered", what, mend: "git restore flagmesh.lock" });
  });

  test("says which slots it should have", async () => {
    expect(await verdictOf(withEntry({ slot: 4 }))).toMatchObject({ wanted: "slots 0 to 3, each once", found: "4" });
  });

  test("that was made to add up by itself is told by the entry whose leaf it is not", async () => {
    const forged = locked(flags("a", "b", "c").set("flag:b", { state: "DISABLED", variants: {} }), current);
    expect(await verdict({ lockText: forged.text })).toMatchObject({
      kind: "tampered",
      what: "leaf",
      wanted: expect.stringMatching(/^leaf flag:b: leaf /) as string,
      found: expect.stringContaining(
        "changed flag:b, in files that are as they were locked by flagmesh 0.1.0",
      ) as string,
    });
  });

  test("with an entry that the very same files don't have is told by it", async () => {
    const forged = locked(flags("a", "b", "c", "x"), current);
    expect(await verdict({ lockText: forged.text })).toMatchObject({
      kind: "tampered",
      what: "leaf",
      found: expect.stringContaining("removed flag:x") as string,
    });
  });

  test("of a snapshot that no edge takes is refused, though it adds up", async () => {
    const large = flags("a").set("flag:a", { state: "ENABLED", variants: { a: "x".repeat(limits.snapshotBytesMax) } });
    const slots = slotsOf(
      { ...current, configSize: 1, vacant: [], entries: new Map([["flag:a", { ...entry, slot: 0, rev: 2 }]]) },
      large,
    );
    const { leaf } = slots[0]!;
    const root = toBase64(treeOf([base64Bytes(leaf)]).root);
    const snapshotDigest = digestOf(encodeSnapshot({ origin, slots }));
    const forged = { ...current, configSize: 1, configRoot: root, vacant: [], snapshotDigest };
    const lockText = encodeLockFile({ ...forged, entries: new Map([["flag:a", { ...entry, slot: 0, rev: 2, leaf }]]) });
    expect(await verdict({ lockText, entries: large })).toMatchObject({ kind: "tampered", what: "snapshot" });
  });

  test("is never fine, whichever of its values is changed, except its parent, tool and approvals", async () => {
    const changes: [string, string][] = [
      ...text.matchAll(/"(?:sha256:)?[0-9a-zA-Z+/]{42,64}=?"/g),
      ...text.matchAll(/(?<=: )\d+/g),
    ].map(({ 0: value, index }) => {
      const flipped = value.startsWith('"')
        ? value.replace(/[0-9a-z](?=[^"]*"$)/, (character) => (character === "a" ? "b" : "a"))
        : `${Number(value) + 1}`;
      return [
        text.slice(text.lastIndexOf("\n", index) + 1, index),
        text.slice(0, index) + flipped + text.slice(index + value.length),
      ];
    });
    expect(changes.length).toBeGreaterThan(20);
    const fine: string[] = [];
    for (const [line, lockText] of changes) if ((await verdict({ lockText })).kind === "ok") fine.push(line);
    // Signatures cover it; who publishes compares it with what is published.
    expect(fine).toEqual(["parent: ", "  notAfter: "]);
  });
});

describe("approvals", () => {
  const keys = ["alice", "bob", "carol"].map((name, i) =>
    createSigningKey(name, ed25519Type, new Uint8Array(32).fill(i + 1)),
  );
  const notAfter = 1_800_000_000;
  const linesOf = (of: Lock, until = notAfter): string[] =>
    keys.map((key) => encodeSignatureLine(key.signNote(approvalText(of, until))));
  const [alice, bob] = linesOf(current) as [string, string];
  const approvers = { threshold: 2, keys: keys.slice(0, 2).map(({ vkey }) => vkey) };

  test("by the threshold of the policy's keys are enough", async () => {
    const lockText = encodeLockFile({ ...current, approvals: { notAfter, signatures: [alice, bob] } });
    expect((await verdict({ lockText, approvers })).kind).toBe("ok");
  });

  test.each<[string, string[], number]>([
    ["none", [], 0],
    ["one too few", [alice], 1],
    ["one of them twice", [alice, alice], 1],
    ["of a key that isn't the policy's", [alice, linesOf(current)[2]!], 1],
    ["of another revision", linesOf({ ...current, revision: 3 }), 0],
    ["of another root", linesOf({ ...current, configRoot: current.parent }), 0],
    ["of another time", linesOf(current, notAfter + 1), 0],
    ["that are no signature lines", ["", "— alice AAAA"], 0],
  ])("that are not enough: %s", async (_, signatures, approvals) => {
    const lockText = encodeLockFile({ ...current, approvals: { notAfter, signatures } });
    expect(await verdict({ lockText, approvers })).toMatchObject({
      kind: "unapproved",
      threshold: 2,
      approvals,
      mend: "flagmesh approve",
    });
  });

  test.each([
    [[], "0 valid of 0 signatures"],
    [[alice], "1 valid of 1 signature"],
  ])("are counted in words: %s", async (signatures, found) => {
    const lockText = encodeLockFile({ ...current, approvals: { notAfter, signatures } });
    expect(await verdict({ lockText, approvers })).toMatchObject({ kind: "unapproved", found });
  });

  test("aren't asked for where the threshold is 0, or the policy isn't known", async () => {
    expect((await verdict({ approvers: { threshold: 0, keys: [] } })).kind).toBe("ok");
    expect((await verdict()).kind).toBe("ok");
  });

  test("of a lock that drifted aren't looked at", async () => {
    expect((await verdict({ approvers, files: new Map() })).kind).toBe("drifted");
  });
});
