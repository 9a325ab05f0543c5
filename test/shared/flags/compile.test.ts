import { describe, expect, test } from "vitest";
import type { Entry, EntryKey, FlagEntry } from "../../../shared/document/entry.ts";
import { compileFlags, type CompiledFlags } from "../../../shared/flags/compile.ts";

const parent: FlagEntry = {
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  rollout: { variant: "on", steps: [0, 100_000] },
};
const child: FlagEntry = {
  ...parent,
  rollout: [["on", 100_000]],
  prerequisites: [{ flag: "parent", variants: ["on"] }],
};
const entries = new Map<EntryKey, Entry>([
  ["settings", { identity: [] }],
  ["flag:parent", parent],
  ["backend:shop", { service: "SHOP" }],
  ["flag:child", child],
  ["flag:other", parent],
]);
const user = { targetingKey: "user-1" };
const variants = (flags: CompiledFlags): Record<string, string | undefined> =>
  Object.fromEntries(flags.keys.map((key) => [key, flags.get(key)!.evaluate(user, 0).variant]));

describe("compiled flags", () => {
  test("have the keys of the revision's flags, in its order", () => {
    expect(compileFlags(entries, {}).keys).toEqual(["parent", "child", "other"]);
  });

  test("are found by key, always the same one; nothing else is", () => {
    const flags = compileFlags(entries, {});
    expect(flags.get("parent")).toBe(flags.get("parent"));
    expect(flags.get("parent")?.key).toBe("parent");
    for (const key of ["gone", "constructor", "__proto__", "shop", ""]) expect(flags.get(key)).toBeUndefined();
  });

  test("under another overlay serve what it says, and under the first one what that says", () => {
    const flags = compileFlags(entries, {});
    const advanced = flags.withOverlay({ parent: { stage: 100 } });
    expect(variants(advanced)).toEqual({ parent: "on", child: "on", other: "off" });
    expect(variants(flags)).toEqual({ parent: "off", child: "off", other: "off" });
    const killed = advanced.withOverlay({ parent: { kill: true } });
    expect(variants(killed)).toEqual({ parent: "off", child: "off", other: "off" });
    const childKilled = killed.withOverlay({ child: { kill: true }, parent: { stage: 100 } });
    expect(variants(childKilled)).toEqual({ parent: "on", child: "off", other: "off" });
  });

  test("stay compiled under an overlay that doesn't concern them", () => {
    const flags = compileFlags(entries, { other: { stage: 100 } });
    variants(flags);
    const killed = flags.withOverlay({ parent: { kill: true }, other: { stage: 100 } });
    expect(killed.get("other")).toBe(flags.get("other"));
    expect(killed.get("parent")).not.toBe(flags.get("parent"));
    expect(killed.get("child")).not.toBe(flags.get("child"));
    expect(killed.withOverlay({ other: { stage: 0 } }).get("other")).not.toBe(flags.get("other"));
    expect(killed.withOverlay({ other: { stage: 100 } }).get("parent")).not.toBe(killed.get("parent"));
  });

  test("aren't taken from an overlay's prototype", () => {
    const flags = compileFlags(new Map([["flag:toString", parent]] as const), {});
    expect(flags.get("toString")!.evaluate(user, 0).reason).toBe("SPLIT");
  });
});
