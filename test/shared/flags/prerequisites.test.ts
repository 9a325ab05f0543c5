import { describe, expect, test } from "vitest";
import type { FlagEntry } from "../../../shared/document/entry.ts";
import { compileFlags, type CompiledFlags } from "../../../shared/flags/compile.ts";
import { limits } from "../../../shared/limits.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";

const parent: FlagEntry = {
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  rollout: [["on", 100_000]],
};
const needs = (...flags: string[]): FlagEntry => ({
  ...parent,
  prerequisites: flags.map((flag) => ({ flag, variants: ["on"] })),
});
const user = { targetingKey: "user-1", beta: true };

const compiled = (flags: Record<string, FlagEntry>, overlay: Overlay = {}): CompiledFlags =>
  compileFlags(new Map(Object.entries(flags).map(([key, flag]) => [`flag:${key}`, flag] as const)), overlay);

function served(flags: CompiledFlags, key: string): string {
  const { variant, reason, errorCode } = flags.get(key)!.evaluate(user, 0);
  return [variant ?? "-", errorCode ?? reason].join(" ");
}

/** Each needs the next. */
const chain = (length: number): Record<string, FlagEntry> =>
  Object.fromEntries(
    Array.from({ length: length + 1 }, (_, i) => [`f${i}`, i === length ? parent : needs(`f${i + 1}`)]),
  );

/** Every flag needs both of the next layer: each layer doubles the evaluations. */
const layers = (count: number): Record<string, FlagEntry> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) =>
      ["a", "b"].map((name) => [`${name}${i}`, i === count - 1 ? parent : needs(`a${i + 1}`, `b${i + 1}`)] as const),
    ).flat(),
  );

describe("a flag with prerequisites", () => {
  test("is evaluated where they serve one of the variants", () => {
    expect(served(compiled({ parent, child: needs("parent") }), "child")).toBe("on SPLIT");
  });

  const unmet: readonly [why: string, parent: FlagEntry, overlay?: Overlay][] = [
    ["serves another variant", { ...parent, rollout: [["on", 0]] }],
    ["is DISABLED, though its default variant would do", { ...parent, state: "DISABLED", defaultVariant: "on" }],
    ["is killed", parent, { parent: { kill: true } }],
    ["is in ERROR", { ...parent, targeting: "gone", defaultVariant: "on" }],
    ["has no default variant and decides nothing", { state: "ENABLED", variants: { on: true } }],
  ];
  test.each(unmet)("takes its default variant where one %s", (_, parent, overlay) => {
    const flags = compiled({ parent, child: { ...needs("parent"), targeting: "on" } }, overlay);
    expect(served(flags, "child")).toBe("off DEFAULT");
  });

  test("is evaluated where one is killed to a variant that it takes", () => {
    const flags = compiled(
      { parent: { ...parent, defaultVariant: "on" }, child: needs("parent") },
      { parent: { kill: true } },
    );
    expect(served(flags, "child")).toBe("on SPLIT");
  });

  test("needs all of them", () => {
    const off: FlagEntry = { ...parent, rollout: [["on", 0]] };
    expect(served(compiled({ parent, off, child: needs("parent", "off") }), "child")).toBe("off DEFAULT");
  });

  test("asks them for the same context", () => {
    const targeted: FlagEntry = { ...parent, rollout: [["on", 0]], targeting: { if: [{ var: "beta" }, "on"] } };
    expect(served(compiled({ targeted, child: needs("targeted") }), "child")).toBe("on SPLIT");
  });

  test("is killed before they are asked", () => {
    expect(served(compiled({ child: needs("gone") }, { child: { kill: true } }), "child")).toBe("off DISABLED");
  });
});

describe("prerequisites that can't be evaluated make a flag an error", () => {
  const error = "- PARSE_ERROR";

  test("where one doesn't exist", () => {
    expect(served(compiled({ child: needs("gone") }), "child")).toBe(error);
  });

  test("where they lead back to the flag, whichever is asked first", () => {
    for (const first of ["a", "b", "c", "d"]) {
      const flags = compiled({ a: needs("b"), b: needs("c"), c: needs("a"), d: needs("a") });
      expect(served(flags, first)).toBe(error);
      for (const key of flags.keys) expect(served(flags, key)).toBe(error);
    }
  });

  test("where a chain is too long, and not one flag earlier", () => {
    const flags = compiled(chain(limits.prerequisiteDepthMax + 1));
    expect([served(flags, "f0"), served(flags, "f1")]).toEqual([error, "on SPLIT"]);
  });

  test("however long the chain", () => {
    expect(served(compiled(chain(9_000)), "f0")).toBe(error);
  });

  test("where they lead to too many evaluations", () => {
    const flags = compiled(layers(30));
    expect(served(flags, "a29")).toBe("on SPLIT");
    // 2 + 4 + … + 2^8 = 510, and with 2^9 more 1 022.
    expect([served(flags, "a21"), served(flags, "a20"), served(flags, "a0")]).toEqual(["on SPLIT", error, error]);
  });
});
