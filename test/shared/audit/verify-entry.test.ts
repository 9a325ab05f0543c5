import { describe, expect, test } from "vitest";
import { encodeEntryProof, parseEntryProof, type EntryProof } from "../../../shared/audit/entry-proof.ts";
import { verifyEntry } from "../../../shared/audit/verify-entry.ts";
import { limits } from "../../../shared/limits.ts";
import { production, staging, type LogVector } from "../../vectors/trust/load.ts";
import { pinsOf, policyIn, proofOf, proofTextOf } from "./vector-log.ts";

const key = "flag:new-checkout";
const trust = { policies: [policyIn(production)] };
const proof = proofOf(production, key, 5);

const codeOf = async (altered: EntryProof | string, given: Parameters<typeof verifyEntry>[1] = trust) => {
  const text = typeof altered === "string" ? altered : encodeEntryProof(altered);
  const verified = await verifyEntry(text, given);
  return verified.ok ? "ok" : verified.error.code;
};

describe("a proof of an entry", () => {
  test("shows what it was, in which release, approved by whom, and until when that was the newest", async () => {
    const verified = await verifyEntry(encodeEntryProof(proof), trust);
    expect(verified).toMatchObject({
      ok: true,
      value: {
        key,
        value: { defaultVariant: "off", rollout: [["on", 50_000]] },
        statement: { origin: production.origin, release: 5, revision: 3 },
        policy: { number: 1, approvers: { threshold: 2 } },
        approvedBy: ["alice@example.com", "ben@example.com", "ci.example.com"],
        log: { checkpoint: { size: 6 }, freshAt: production.releases[5]!.freshAt },
      },
    });
  });

  test("holds for every entry of every release, in that log and in every later one", async () => {
    for (const log of [production, staging]) {
      for (const [release, { revision }] of log.releases.entries()) {
        const { snapshot } = log.revisions.find((candidate) => candidate.revision === revision)!;
        const rows = (JSON.parse(snapshot) as { slots: [string][] }).slots;
        for (const [key] of rows.filter(([key]) => key !== "")) {
          for (let size = release + 1; size <= log.releases.length; size++) {
            const found = await codeOf(proofTextOf(log, key, release, size), { policies: [policyIn(log)] });
            expect([key, release, size, found]).toEqual([key, release, size, "ok"]);
          }
        }
      }
    }
  });

  test("is believed by who has the deployment policy alone: it pins the digest of the policy in the file", async () => {
    const pinned = { policies: [], pins: pinsOf(production) };
    expect(await codeOf(proof, pinned)).toBe("ok");
    expect(await codeOf({ ...proof, policies: [] }, pinned)).toBe("policy_unpinned");
    expect(await codeOf({ ...proof, policies: [staging.policy] }, pinned)).toBe("policy_unpinned");
    expect(await codeOf(proof, { policies: [], pins: pinsOf(staging) })).toBe("policy_unpinned");
  });

  test("convinces nobody by the policies that it brings", async () => {
    expect(await codeOf(proof, { policies: [] })).toBe("policy_unpinned");
    expect(await codeOf(proof, { policies: [policyIn(staging)] })).toBe("policy_unpinned");
    expect(await codeOf({ ...proof, policies: [] })).toBe("ok");
  });

  test("discloses no other entry: no key, no value, no leaf but its siblings'", () => {
    const text = encodeEntryProof(proofOf(production, "backend:checkout-v1", 5));
    const { slots } = JSON.parse(production.revisions[2]!.snapshot) as {
      slots: [key: string, rev: number, salt: string, leaf: string, value: unknown][];
    };
    for (const [slot, [other, , salt, leaf, value]] of slots.entries()) {
      if (other === "backend:checkout-v1") continue;
      const sibling = slot === (proofOf(production, "backend:checkout-v1", 5).entry.slot ^ 1);
      expect([other, text.includes(salt), text.includes(leaf)]).toEqual([other, false, sibling]);
      expect(text.includes(other) && other !== "").toBe(false);
      expect(value === null || !text.includes(JSON.stringify(value))).toBe(true);
    }
    // Nor what travels beside the statement.
    expect(text).not.toMatch(/new-search|new-checkout|half of them|"kill"|"stage"/);
  });
});

const flip = (text: string): string => (text.startsWith("A") ? "B" : "A") + text.slice(1);
const other: LogVector = staging;

const alterations: readonly [what: string, code: string, alter: (proof: EntryProof) => EntryProof][] = [
  ["another key", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, key: "flag:old-checkout" } })],
  ["another value", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, value: { state: "DISABLED" } } })],
  ["another salt", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, salt: flip(p.entry.salt) } })],
  ["another slot", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, slot: p.entry.slot ^ 1 } })],
  ["a slot beyond the tree", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, slot: 1_000 } })],
  ["a shorter path", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, path: p.entry.path.slice(1) } })],
  ["an altered path", "entry_not_included", (p) => ({ ...p, entry: { ...p.entry, path: p.entry.path.map(flip) } })],
  ["the entry of another release", "entry_not_included", (p) => ({ ...p, entry: proofOf(production, key, 0).entry })],
  [
    "the statement of another release",
    "inclusion_invalid",
    (p) => ({ ...p, statement: production.releases[4]!.statement }),
  ],
  ["the statement of another log", "policy_unpinned", (p) => ({ ...p, statement: other.releases[0]!.statement })],
  [
    "a statement with another time",
    "inclusion_invalid",
    (p) => ({ ...p, statement: p.statement.replace('"time":18', '"time":19') }),
  ],
  ["a statement that isn't canonical", "statement_malformed", (p) => ({ ...p, statement: ` ${p.statement}` })],
  ["no statement", "statement_malformed", (p) => ({ ...p, statement: "" })],
  ["an altered path in the log", "inclusion_invalid", (p) => ({ ...p, logPath: p.logPath.map(flip) })],
  ["a longer path in the log", "inclusion_invalid", (p) => ({ ...p, logPath: [...p.logPath, ...p.logPath] })],
  ["an older checkpoint", "inclusion_invalid", (p) => ({ ...p, checkpoint: production.releases[4]!.note })],
  ["another log's checkpoint", "origin_mismatch", (p) => ({ ...p, checkpoint: other.releases[1]!.note })],
  [
    "a checkpoint of another size",
    "log_signature_invalid",
    (p) => ({ ...p, checkpoint: p.checkpoint.replace("\n6\n", "\n7\n") }),
  ],
  ["an unsigned checkpoint", "log_signature_invalid", (p) => ({ ...p, checkpoint: withoutLog(p.checkpoint) })],
  ["no checkpoint", "checkpoint_malformed", (p) => ({ ...p, checkpoint: "" })],
];

/** The freshness key alone doesn't sign logs. */
const withoutLog = (note: string): string =>
  note
    .split("\n")
    .filter((line) => !line.startsWith("— ") || line.includes("/freshness "))
    .join("\n");

test.each(alterations)("a proof with %s is refused: %s", async (_, code, alter) => {
  const altered = alter(proof);
  expect(encodeEntryProof(altered)).not.toBe(encodeEntryProof(proof));
  expect(await codeOf(altered)).toBe(code);
});

test("a release that too few approved is refused as unapproved", async () => {
  const policy = policyIn(production);
  const stricter = { ...policy, approvers: { ...policy.approvers, threshold: 3 } };
  expect(await codeOf(proof, { policies: [stricter] })).toBe("ok");
  expect(await codeOf(proofOf(production, key, 3), { policies: [stricter] })).toBe("approvals_insufficient");
});

describe("a proof's file", () => {
  const text = encodeEntryProof(proof);

  test("is read back as it was written", () => {
    expect(parseEntryProof(text)).toEqual({ ok: true, value: proof });
  });

  test.each([
    ["empty", ""],
    ["no object", "[]"],
    ["cut off", text.slice(0, -10)],
    ["in another layout", JSON.stringify(JSON.parse(text))],
    ["with something behind it", `${text}\n`],
    ["with a key twice", text.replace('"key":', '"key": "flag:seen-by-others",\n    "key":')],
    ["with an unknown key", text.replace('"logPath"', '"comment": "",\n  "logPath"')],
    ["without a part", JSON.stringify({ ...proof, logPath: undefined }, undefined, 2)],
    ["of another type", text.replace("entry-proof/v1", "entry-proof/v2")],
    ["with a key that is no entry's", text.replace(`"key": "${key}"`, '"key": "flags"')],
    ["with a salt that isn't 32 bytes", text.replace(proof.entry.salt, "AAAA")],
    ["with a negative slot", text.replace('"slot": ', '"slot": -')],
    [
      "with a path that is too long",
      encodeEntryProof({ ...proof, logPath: Array.from({ length: 65 }, () => proof.entry.salt) }),
    ],
    ["with half a surrogate pair", text.replace('"checkpoint": "', '"checkpoint": "\\ud800')],
    ["with more than it may have", text + " ".repeat(limits.proofBytesMax)],
  ])("that is %s is none", async (_, file) => {
    expect(await codeOf(file)).toBe("proof_malformed");
  });
});
