import { describe, expect, test } from "vitest";
import { accept } from "../../../shared/acceptance/accept.ts";
import { refusalSteps } from "../../../shared/acceptance/refusal.ts";
import { parseHead } from "../../../shared/store/head.ts";
import { encodeStatement } from "../../../shared/trust/statement.ts";
import { acceptanceVectors } from "../../vectors/acceptance/load.ts";
import { production, staging } from "../../vectors/trust/load.ts";
import { acceptVector, candidateOf, pinsOf, storeOf, textOf } from "./router.ts";

const refused = acceptanceVectors.filter(([, { expect }]) => expect !== "accepted");
const accepted = acceptanceVectors.filter(([, { expect }]) => expect === "accepted");

describe("a router refuses", () => {
  test.each(refused)("%s", async (_, vector) => {
    const result = await acceptVector(vector);
    const { code, step } = result.ok ? { code: "accepted", step: 0 } : result.error;
    expect({ step, code }).toEqual(vector.expect);
  });
});

describe("a router accepts", () => {
  test.each(accepted)("%s", async (_, vector) => {
    const result = await acceptVector(vector);
    if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
    const { release, fault } = result.value;
    const head = parseHead(textOf(vector.candidate.head) ?? "");
    if (!head.ok) throw new Error(head.error);
    expect(encodeStatement(release.statement)).toBe(head.value.statement);
    expect(release.overlay).toEqual(head.value.overlay);
    expect(release.note).toBe(head.value.checkpoint);
    expect(release.frontier.size).toBe(release.statement.release + 1);
    expect(release.freshAt).toBeLessThanOrEqual(vector.now + 60);
    expect(fault?.code).toBe(vector.fault);
  });
});

test("each code in the table is some vector's, and none is in no table", () => {
  const reached = acceptanceVectors.flatMap(([, { expect, fault, tree }]) => [
    ...(expect === "accepted" ? [] : [expect.code]),
    ...[fault, tree].filter((code) => code !== undefined),
  ]);
  expect([...new Set(reached)].sort()).toEqual(Object.keys(refusalSteps).sort());
});

test("a refusal's message is short, whatever it is about", async () => {
  for (const [, vector] of refused) {
    const result = await acceptVector(vector);
    expect(result.ok ? "" : result.error.message).toMatch(/^.{5,400}$/s);
  }
});

describe("of a fork", () => {
  test("both notes are the evidence", async () => {
    const [, fork] = acceptanceVectors.find(([name]) => name === "fork")!;
    const result = await acceptVector(fork);
    const known = production.releases[5]!.note;
    const other = parseHead(textOf(fork.candidate.head)!);
    expect(result.ok ? undefined : result.error.evidence).toEqual([known, other.ok && other.value.checkpoint]);
  });
});

test("a router refuses the releases of another mesh, each of them", async () => {
  for (const [release, { renewedAt }] of staging.releases.entries()) {
    const result = await accept(
      candidateOf(staging, release),
      undefined,
      pinsOf(production),
      storeOf(staging),
      renewedAt,
    );
    expect(result.ok ? "" : result.error.code).toBe("origin_mismatch");
  }
});

const unreachable = async (): Promise<never> => {
  throw new Error("ECONNREFUSED");
};

test("what a store that can't be reached throws comes through", async () => {
  const reads = { ...storeOf(production), snapshot: unreachable };
  const { renewedAt } = production.releases[0]!;
  const looking = accept(candidateOf(production, 0), undefined, pinsOf(production), reads, renewedAt);
  await expect(looking).rejects.toThrow("ECONNREFUSED");
});
