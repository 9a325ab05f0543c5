import { expect, test } from "vitest";
import { createRank } from "../../edge/balance.ts";
import type { Endpoint } from "../../shared/document/entry.ts";

const endpoints: readonly Endpoint[] = [
  { url: "https://a.example.net", weight: 1 },
  { url: "https://b.example.net", weight: 2 },
  { url: "https://c.example.net", weight: 5 },
];
const users = Array.from({ length: 8_000 }, (_, i) => `user-${i}`);
const mint = (): string => expect.unreachable("nothing has to be minted");

test("identities are shared out by weight, to within what chance allows", () => {
  const rank = createRank(endpoints, mint);
  const counts = new Map(endpoints.map(({ url }) => [url, 0]));
  for (const user of users) counts.set(rank(user)[0]!.url, (counts.get(rank(user)[0]!.url) ?? 0) + 1);
  const shares = endpoints.map(({ url }) => (counts.get(url) ?? 0) / users.length);
  for (const [i, expected] of [1 / 8, 2 / 8, 5 / 8].entries()) {
    expect(Math.abs((shares[i] ?? 0) - expected)).toBeLessThan(
      4 * Math.sqrt((expected * (1 - expected)) / users.length),
    );
  }
});

test("the removal of an endpoint moves only those who were there, each to its second", () => {
  const before = createRank(endpoints, mint);
  const after = createRank(endpoints.slice(0, 2), mint);
  for (const user of users.slice(0, 1_000)) {
    const ranking = before(user).filter(({ url }) => url !== "https://c.example.net");
    expect(after(user)).toEqual(ranking);
  }
});

test("the order of the document doesn't matter", () => {
  for (const user of users.slice(0, 200)) {
    expect(createRank(endpoints.toReversed(), mint)(user)).toEqual(createRank(endpoints, mint)(user));
  }
});

test("who has no identity is as good as somebody new each time, where that makes a difference", () => {
  let minted = 0;
  const rank = createRank(endpoints, () => `new-${minted++}`);
  const firsts = new Set(Array.from({ length: 100 }, () => rank(undefined)[0]?.url));
  expect([firsts.size, minted]).toEqual([3, 100]);
  expect(createRank(endpoints.slice(0, 1), mint)(undefined)).toEqual(endpoints.slice(0, 1));
  expect(createRank([], mint)("ada")).toEqual([]);
});
