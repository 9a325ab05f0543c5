import { describe, expect, test } from "vitest";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { approvalText, countApprovals, noApprovals, type ApprovedStep } from "../../../shared/trust/approval.ts";
import { createVkey, parseVkey, type Vkey } from "../../../shared/trust/vkey.ts";
import { parseStatement, type Statement } from "../../../shared/trust/statement.ts";
import { keyNamed, production, staging } from "../../vectors/trust/load.ts";

const vkey = (name: string): Vkey => {
  const key = parseVkey(keyNamed(name).vkey);
  if (!key.ok) throw new Error(key.error);
  return key.value;
};
const [alice, ben, ci, mallory] = ["alice@example.com", "ben@example.com", "ci.example.com", "mallory@example.com"].map(
  vkey,
) as [Vkey, Vkey, Vkey, Vkey];
const approvers = [alice, ben, ci];

const statementOf = (text: string): Statement => {
  const parsed = parseStatement(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const statements = production.releases.map(({ statement }) => statementOf(statement));
/** Approved by ben and ci. */
const second = statements[3]!;
const { approvals } = second;

test("the signed text of each release is what its statement gives", () => {
  for (const [i, { approval }] of production.releases.entries()) {
    expect(approvalText(statements[i]!, statements[i]!.approvals.notAfter)).toBe(approval);
  }
  expect(production.releases[0]!.approval.split("\n")).toHaveLength(9);
});

test("each revision has the approvals of those who signed it", async () => {
  const counts = statements.map((statement) => countApprovals(statement, statement.approvals, approvers));
  expect(await Promise.all(counts)).toEqual([2, 2, 2, 2, 2, 3]);
  const staged = statementOf(staging.releases[0]!.statement);
  expect(await countApprovals(staged, staged.approvals, approvers)).toBe(0);
});

describe("an edit undoes every approval:", () => {
  const root = toBase64(new Uint8Array(32));
  test.each<[string, Partial<ApprovedStep>]>([
    ["another origin", { origin: staging.origin }],
    ["another revision", { revision: 3 }],
    ["another config root", { configRoot: root }],
    ["another size", { configSize: second.configSize + 1 }],
    ["another snapshot", { snapshotDigest: digestOf("another") }],
    ["another parent", { parent: root }],
  ])("%s", async (_, change) => {
    expect(await countApprovals({ ...second, ...change }, approvals, approvers)).toBe(0);
  });

  test.each([approvals.notAfter + 1, approvals.notAfter - 1, 0])("an end at %i", async (notAfter) => {
    expect(await countApprovals(second, { ...approvals, notAfter }, approvers)).toBe(0);
  });
});

describe("an approval counts", () => {
  const [byBen = "", byCi = ""] = approvals.signatures;
  const count = (signatures: readonly string[], keys: readonly Vkey[] = approvers): Promise<number> =>
    countApprovals(second, { ...approvals, signatures: [...signatures] }, keys);

  test.each<[string, readonly string[], readonly Vkey[], number]>([
    ["once where it stands twice", [byBen, byBen], approvers, 1],
    ["once where its key is listed twice", [byBen], [ben, ben], 1],
    ["in any order", [byCi, byBen], approvers, 2],
    ["beside lines that are none", ["", "x", "— ", byBen, "— a b"], approvers, 1],
    ["not where its key is no approver", [byBen, byCi], [alice, mallory], 0],
    ["not under another's name", [byBen.replace("ben@", "alice@")], approvers, 0],
    ["not under a name that its key doesn't have", [byBen], [createVkey("ben", 1, ben.publicKey)], 0],
    ["not by a key of the other type", [byBen], [createVkey(ben.name, 4, ben.publicKey)], 0],
    ["not of another revision", statements[0]!.approvals.signatures, approvers, 0],
    ["not with a character changed", [byBen.replace(/.{4}$/, "AAA=")], approvers, 0],
  ])("%s", async (_, signatures, keys, wanted) => {
    expect(await count(signatures, keys)).toBe(wanted);
  });

  test("for nobody where there are none", async () => {
    expect(await countApprovals(second, noApprovals, approvers)).toBe(0);
  });
});
