import { describe, expect, test } from "vitest";
import type { Json } from "../../../shared/encoding/json.ts";
import { ruleFailure } from "../../../shared/flags/rule.ts";
import { compileTargeting } from "../../../shared/flags/targeting.ts";
import { limits } from "../../../shared/limits.ts";

const compiled = (rule: Json, segments: Record<string, Json> = {}) =>
  compileTargeting(rule, { flagKey: "flag", segment: (name) => segments[name] });
const codeOf = (rule: Json, segments?: Record<string, Json>): string => {
  const result = compiled(rule, segments);
  return result.ok ? "fine" : result.error.code;
};
const run = (rule: Json, context: Record<string, Json>): unknown => {
  const result = compiled(rule);
  if (!result.ok) return result.error.code;
  try {
    return result.value(context, 0);
  } catch (error) {
    return error === ruleFailure ? "fails" : error;
  }
};

const nested = (depth: number, inner: Json): Json => (depth === 0 ? inner : { "!": [nested(depth - 1, inner)] });
const wide = (count: number): Json => ({ cat: Array.from({ length: count }, () => ({ var: "a" })) });
const list = (length: number): Json[] => Array.from({ length }, (_, i) => i);

describe("a rule", () => {
  test("is as deep as the limit, and no deeper, with its segments", () => {
    const { targetingDepthMax: max } = limits;
    expect(codeOf(nested(max - 1, { var: "a" }))).toBe("fine");
    expect(codeOf(nested(max, { var: "a" }))).toBe("targeting_too_deep");
    expect(codeOf(nested(max - 3, { $ref: "deep" }), { deep: nested(1, { var: "a" }) })).toBe("fine");
    expect(codeOf(nested(max - 2, { $ref: "deep" }), { deep: nested(2, { var: "a" }) })).toBe("targeting_too_deep");
  });

  test("is as large as the limit, and no larger, with its segments", () => {
    expect(codeOf(wide(limits.targetingNodesMax / 4))).toBe("fine");
    expect(codeOf(wide(limits.targetingNodesMax))).toBe("targeting_too_large");
    const half = { and: [{ $ref: "half" }, { $ref: "half" }] };
    expect(codeOf(half, { half: wide(limits.targetingNodesMax / 5) })).toBe("fine");
    expect(codeOf(half, { half: wide(limits.targetingNodesMax / 2) })).toBe("targeting_too_large");
  });

  test("whose segments double at every step, or lead back, is refused at once", () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`s${i}`, { and: [{ $ref: `s${i + 1}` }, { $ref: `s${i + 1}` }] }]),
    );
    expect(codeOf({ $ref: "s0" }, { ...doubling, s60: true })).toMatch(/^targeting_too_/);
    expect(codeOf({ $ref: "self" }, { self: { "!": [{ $ref: "self" }] } })).toMatch(/^targeting_too_/);
    expect(codeOf({ $ref: "self" }, { self: { $ref: "self" } })).toMatch(/^targeting_too_/);
  });

  test("visits as many list items as the limit, in all its loops together", () => {
    const { targetingItemsMax: max } = limits;
    const pairs = { all: [{ var: "a" }, { all: [{ var: "../../b" }, true] }] };
    expect(run({ all: [{ var: "a" }, true] }, { a: list(max) })).toBe(true);
    expect(run({ all: [{ var: "a" }, true] }, { a: list(max + 1) })).toBe("fails");
    expect(run(pairs, { a: list(200), b: list(300) })).toBe(true);
    expect(run(pairs, { a: list(300), b: list(300) })).toBe("fails");
    expect(run({ some: [{ var: "a" }, { in: [-1, { var: "../../b" }] }] }, { a: list(300), b: list(300) })).toBe(
      "fails",
    );
    expect(
      run({ some: [{ var: "a" }, { in: ["x", { var: "../../b" }] }] }, { a: list(9_000), b: "a".repeat(9_000) }),
    ).toBe("fails");
  });

  test("starts anew with every evaluation", () => {
    const rule = compiled({ all: [{ var: "a" }, true] });
    const context = { a: list(limits.targetingItemsMax) };
    expect([1, 2, 3].map(() => rule.ok && rule.value(context, 0))).toEqual([true, true, true]);
  });

  test("puts together no text longer than the limit", () => {
    const doubled = { reduce: [{ var: "a" }, { cat: [{ var: "accumulator" }, { var: "accumulator" }] }, "x"] };
    expect(run({ substr: [doubled, -1] }, { a: list(16) })).toBe("x");
    expect(run(doubled, { a: list(17) })).toBe("fails");
    expect(run({ cat: ["a", { var: "a" }] }, { a: list(30_000) })).toBe("fails");
  });

  test("builds no list that doubles at every step", () => {
    const doubled = { reduce: [{ var: "a" }, { merge: [{ var: "accumulator" }, { var: "accumulator" }] }, [1]] };
    expect(run(doubled, { a: list(30) })).toBe("fails");
  });

  test("is no way to a value that lies deeper than the stack", () => {
    let deep: Json = [];
    for (let i = 0; i < 20_000; i++) deep = [deep];
    expect(run({ var: "a.0.0.0" }, { a: deep })).toBeInstanceOf(Array);
    expect(run({ cat: ["x", { var: "a" }] }, { a: deep })).toBeInstanceOf(RangeError);
  });
});
