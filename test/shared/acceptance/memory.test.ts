/** What a router does with what it remembers. */
import { describe, expect, test } from "vitest";
import { accept } from "../../../shared/acceptance/accept.ts";
import type { Digest } from "../../../shared/encoding/digest.ts";
import { production } from "../../vectors/trust/load.ts";
import { candidateOf, pinsOf, remembered, storeOf } from "./router.ts";

const acceptAt = async (memoryOf: number, candidate: { head: string; fresh: string | null }, now: number) => {
  const memory = await remembered(production, memoryOf);
  const result = await accept(candidate, memory, pinsOf(production), storeOf(production), now);
  if (!result.ok) throw new Error(result.error.code);
  return result.value.release.freshAt;
};

const nothing = async (): Promise<never> => {
  throw new Error("the store was read");
};

/** The honest store, and what it was asked for. */
const counting = () => {
  const asked: string[] = [];
  const store = storeOf(production);
  return {
    asked,
    reads: {
      ...store,
      leaves: (from: number, to: number) => (asked.push(`leaves ${from} ${to}`), store.leaves(from, to)),
      statements: (from: number, to: number) => (asked.push(`statements ${from} ${to}`), store.statements(from, to)),
      policy: (digest: Digest) => (asked.push("policy"), store.policy(digest)),
      snapshot: (digest: Digest) => (asked.push("snapshot"), store.snapshot(digest)),
    },
  };
};

describe("the newest freshness seen", () => {
  const { head, fresh, freshAt, renewedAt } = production.releases[5]!;
  test("is kept where the store shows an older one of the same head", async () => {
    expect(await acceptAt(5, { head, fresh: null }, renewedAt + 10)).toBe(renewedAt);
  });

  test("is kept where a newer head is less fresh", async () => {
    const memory = { ...(await remembered(production, 4)), freshAt: renewedAt + 5 };
    const result = await accept({ head, fresh }, memory, pinsOf(production), storeOf(production), renewedAt + 10);
    expect(result.ok && result.value.release.freshAt).toBe(renewedAt + 5);
  });

  test("is the renewal's where it is newer than the note's", async () => {
    expect(await acceptAt(4, { head, fresh }, renewedAt + 10)).toBe(renewedAt);
    expect(await acceptAt(4, { head, fresh: null }, renewedAt + 10)).toBe(freshAt);
  });

  test("is never one more than a minute ahead", async () => {
    const memory = { ...(await remembered(production, 5)), freshAt };
    const result = await accept({ head, fresh }, memory, pinsOf(production), storeOf(production), renewedAt - 61);
    expect(result.ok && [result.value.release.freshAt, result.value.fault?.code]).toEqual([
      freshAt,
      "freshness_in_future",
    ]);
  });
});

describe("a router that knows the head", () => {
  test("reads nothing, and keeps the very release where nothing is newer", async () => {
    const memory = await remembered(production, 5);
    const reads = { leaves: nothing, statements: nothing, policy: nothing, snapshot: nothing };
    const result = await accept(candidateOf(production, 5), memory, pinsOf(production), reads, memory.freshAt + 5);
    expect(result.ok && result.value.release).toBe(memory);
  });
});

describe("catching up", () => {
  test.each([
    ["by one overlay asks for nothing", 0, 1, []],
    ["by two overlays asks for the leaf between", 0, 2, ["leaves 1 2"]],
    ["by one revision asks for its snapshot", 2, 3, ["snapshot"]],
    [
      "by two revisions asks for leaves, statements and one snapshot",
      1,
      5,
      ["leaves 2 5", "statements 2 5", "snapshot"],
    ],
  ])("%s", async (_, from, to, wanted) => {
    const { asked, reads } = counting();
    const memory = await remembered(production, from);
    const { renewedAt } = production.releases[to]!;
    const result = await accept(candidateOf(production, to), memory, pinsOf(production), reads, renewedAt);
    expect(result.ok && result.value.release.statement.release).toBe(to);
    expect(asked).toEqual(wanted);
  });

  test("gives the frontier that a cold router gets, from wherever it starts", async () => {
    for (let to = 1; to < production.releases.length; to++) {
      const cold = await remembered(production, to);
      for (let from = 0; from < to; from++) {
        const memory = await remembered(production, from);
        const { renewedAt } = production.releases[to]!;
        const warm = await accept(
          candidateOf(production, to),
          memory,
          pinsOf(production),
          storeOf(production),
          renewedAt + 1,
        );
        expect(warm.ok && warm.value.release).toEqual(cold);
      }
    }
  });

  test("takes as many pages of leaves as it needs, each as short as the store likes", async () => {
    const memory = await remembered(production, 0);
    const store = storeOf(production);
    const reads = { ...store, leaves: (from: number) => store.leaves(from, from + 1) };
    const { renewedAt } = production.releases[5]!;
    const result = await accept(candidateOf(production, 5), memory, pinsOf(production), reads, renewedAt);
    expect(result.ok && result.value.release.statement.release).toBe(5);
  });

  test("refuses a page that holds more than was asked for", async () => {
    const memory = await remembered(production, 0);
    const reads = { ...storeOf(production), leaves: async () => production.releases.map(({ leaf }) => leaf) };
    const { renewedAt } = production.releases[5]!;
    const result = await accept(candidateOf(production, 5), memory, pinsOf(production), reads, renewedAt);
    expect(result.ok ? "" : result.error.code).toBe("frontier_mismatch");
  });
});
