import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import type { FlagEntry, Rollout } from "../../../shared/document/entry.ts";
import { compileFlags } from "../../../shared/flags/compile.ts";
import { bucketer } from "../../../shared/flags/rollout.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";
import { murmur3OfBytes } from "../../reference/murmur3.ts";

const variants = { a: 1, b: 2, c: 3, rest: 0 };

function variantOf(flagKey: string, rollout: Rollout, overlay: Overlay = {}): (targetingKey: string) => string {
  const flag: FlagEntry = { state: "ENABLED", variants, defaultVariant: "rest", rollout };
  const { evaluate } = compileFlags(new Map([[`flag:${flagKey}`, flag]] as const), overlay).get(flagKey)!;
  return (targetingKey) => evaluate({ targetingKey }, 0).variant!;
}

const users = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${i}@example.org`);

/** Upper critical value for a chance of one in a million, by degrees of freedom. */
const chiSquareMax = { 1: 23.93, 2: 27.63, 3: 30.66, 99: 183.2 } as const;

function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
}

describe("a bucket", () => {
  test("is (hash × 100000) >> 32 of flag key and targeting key, exactly", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (flagKey, targetingKey) => {
        const hash = BigInt(murmur3OfBytes(utf8(flagKey + targetingKey)));
        expect(bucketer(flagKey)(targetingKey)).toBe(Number((hash * 100_000n) >> 32n));
      }),
    );
  });

  test("is as likely as any other", () => {
    const counts = Array.from({ length: 100 }, () => 0);
    const bucketOf = bucketer("new-checkout");
    for (const user of users(100_000)) counts[Math.floor(bucketOf(user) / 1_000)]!++;
    expect(
      chiSquare(
        counts,
        Array.from({ length: 100 }, () => 1_000),
      ),
    ).toBeLessThan(chiSquareMax[99]);
  });
});

describe("a rollout", () => {
  test("gives every variant its share, and the default variant the rest", () => {
    const variant = variantOf("flag", [
      ["a", 12_500],
      ["b", 33_300],
      ["c", 200],
    ]);
    const counts = { a: 0, b: 0, c: 0, rest: 0 };
    for (const user of users(100_000)) counts[variant(user) as keyof typeof counts]++;
    expect(chiSquare(Object.values(counts), [12_500, 33_300, 200, 54_000])).toBeLessThan(chiSquareMax[3]);
  });

  test("deals in the order in which it is written", () => {
    const bucketOf = bucketer("flag");
    const variant = variantOf("flag", [
      ["b", 30_000],
      ["a", 20_000],
    ]);
    for (const user of users(2_000)) {
      const bucket = bucketOf(user);
      expect([bucket, variant(user)]).toEqual([bucket, bucket < 30_000 ? "b" : bucket < 50_000 ? "a" : "rest"]);
    }
  });

  test("of 0 % gives nobody the variant, of 100 % everybody", () => {
    const none = variantOf("flag", [["a", 0]]);
    const all = variantOf("flag", [["a", 100_000]]);
    for (const user of users(2_000)) expect([none(user), all(user)]).toEqual(["rest", "a"]);
  });

  test("that grows keeps everybody who has the variant", () => {
    const share = fc.nat(100_000);
    fc.assert(
      fc.property(fc.string(), share, share, fc.string({ minLength: 1 }), (key, one, other, user) => {
        const before = variantOf(key, [["a", Math.min(one, other)]])(user);
        const after = variantOf(key, [["a", Math.max(one, other)]])(user);
        expect(["rest→rest", "rest→a", "a→a"]).toContain(`${before}→${after}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test("of one flag says nothing about a user's bucket in another", () => {
    const first = variantOf("new-checkout", [["a", 50_000]]);
    const second = variantOf("new-search", [["a", 50_000]]);
    const counts = [0, 0, 0, 0];
    for (const user of users(40_000)) counts[(first(user) === "a" ? 2 : 0) + (second(user) === "a" ? 1 : 0)]!++;
    expect(chiSquare(counts, [10_000, 10_000, 10_000, 10_000])).toBeLessThan(chiSquareMax[3]);
  });

  test("says nothing about consecutive targeting keys", () => {
    const variant = variantOf("flag", [["a", 50_000]]);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i += 2) {
      counts[(variant(`${i}`) === "a" ? 2 : 0) + (variant(`${i + 1}`) === "a" ? 1 : 0)]!++;
    }
    expect(chiSquare(counts, [5_000, 5_000, 5_000, 5_000])).toBeLessThan(chiSquareMax[3]);
  });
});

describe("a plan of steps", () => {
  const plan: Rollout = { variant: "a", steps: [0, 12_500, 32_784, 100_000] };
  /** What share of users the plan under an overlay serves like. */
  const servesLike = (share: number, overlay: Overlay): boolean => {
    const planned = variantOf("flag", plan, overlay);
    const written = variantOf("flag", [["a", share]]);
    return users(1_000).every((user) => planned(user) === written(user));
  };

  test.each<readonly [what: string, share: number, overlay: Overlay]>([
    ["its first step", 0, {}],
    ["the step that the overlay names", 12_500, { flag: { stage: 12.5 } }],
    ["the step that the overlay names by three decimals", 32_784, { flag: { stage: 32.784 } }],
    ["everybody at the last step", 100_000, { flag: { stage: 100 } }],
    ["its first step where the overlay names a percent that it doesn't list", 0, { flag: { stage: 50 } }],
    ["its first step where the overlay moves another flag", 0, { other: { stage: 100 } }],
  ])("serves %s", (_, share, overlay) => {
    expect(servesLike(share, overlay)).toBe(true);
    expect(servesLike(share === 0 ? 50_000 : 0, overlay)).toBe(false);
  });

  test("is what an overlay moves: written shares it leaves alone", () => {
    const moved = variantOf("flag", [["a", 12_500]], { flag: { stage: 100 } });
    const written = variantOf("flag", [["a", 12_500]]);
    expect(users(1_000).map(moved)).toEqual(users(1_000).map(written));
  });
});
