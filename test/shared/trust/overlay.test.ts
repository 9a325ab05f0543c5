import { describe, expect, test } from "vitest";
import type { Entries, Entry, EntryKey, FlagEntry } from "../../../shared/document/entry.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { canonicalJson, type JsonObject } from "../../../shared/encoding/json.ts";
import { limits } from "../../../shared/limits.ts";
import { detailDigest } from "../../../shared/trust/detail.ts";
import { danglingOverlay, isOverlay, overlayDigest, stepAt, type Overlay } from "../../../shared/trust/overlay.ts";
import { logs } from "../../vectors/trust/load.ts";

test.each(logs)("the overlays and details of %s have their digests", (_, log) => {
  for (const release of log.releases) {
    expect(isOverlay(release.overlay)).toBe(true);
    expect(overlayDigest(release.overlay)).toBe(release.overlayDigest);
    expect(detailDigest(release.detail)).toBe(release.detailDigest);
  }
});

/** Names of 255 characters each, in the first `wide` of which 252 take two bytes. */
const longNames = (wide: number): JsonObject =>
  Object.fromEntries(
    Array.from({ length: 850 }, (_, i) => [
      `${String(i).padStart(3, "0")}${(i < wide ? "é" : "e").repeat(252)}`,
      { kill: true },
    ]),
  );

describe("an overlay", () => {
  const kill = { kill: true };

  test.each<[string, unknown]>([
    ["of none", {}],
    ["of a kill", { flag: kill }],
    ["of a stage", { flag: { stage: 12.5 } }],
    ["of the first and the last percent", { a: { stage: 0 }, b: { stage: 100 } }],
    [
      "of flags named like members of every object",
      { constructor: kill, prototype: kill, toString: kill, valueOf: kill },
    ],
    ["of a flag named beyond ASCII", { "größe 日本 𝔘": kill }],
  ])("can be one %s", (_, overlay) => {
    expect(isOverlay(overlay)).toBe(true);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["an array", []],
    ["an array of changes", [kill]],
    ["text", "{}"],
    ["of a flag without a name", { "": kill }],
    ["of a flag named __proto__", JSON.parse('{"__proto__":{"kill":true}}')],
    ["of a flag with a line break in its name", { "a\nb": kill }],
    ["of a flag with half a surrogate pair in its name", { "a\ud800": kill }],
    ["of a flag whose name is too long", { ["f".repeat(limits.keyCharsMax + 1)]: kill }],
    ["of no change", { flag: {} }],
    ["of a kill that is false", { flag: { kill: false } }],
    ["of a kill that is text", { flag: { kill: "true" } }],
    ["of a kill and a stage", { flag: { kill: true, stage: 1 } }],
    ["of a kill and more", { flag: { kill: true, toString: 1 } }],
    ["of a variant", { flag: { variant: "on" } }],
    ["of a stage that is text", { flag: { stage: "1" } }],
    ["of a stage below 0", { flag: { stage: -0.001 } }],
    ["of a stage above 100", { flag: { stage: 100.001 } }],
    ["of an infinite stage", { flag: { stage: Infinity } }],
    ["of a stage that is no number", { flag: { stage: Number.NaN } }],
    ["of a change that is null", { flag: null }],
    ["of a change that is a list", { flag: [kill] }],
  ])("can't be %s", (_, overlay) => {
    expect(isOverlay(overlay)).toBe(false);
  });

  test("has a bound on its flags", () => {
    const full = Object.fromEntries(Array.from({ length: limits.overlayFlagsMax }, (_, i) => [`f${i}`, kill]));
    expect(isOverlay(full)).toBe(true);
    expect(isOverlay({ ...full, more: kill })).toBe(false);
  });

  test("has a bound in bytes", () => {
    const room = limits.overlayBytesMax - utf8(canonicalJson(longNames(0))).length;
    const fitting = Math.floor(room / 252);
    expect(fitting).toBeGreaterThan(0);
    expect(isOverlay(longNames(fitting))).toBe(true);
    expect(isOverlay(longNames(fitting + 1))).toBe(false);
  });
});

const flag = (rollout: FlagEntry["rollout"]): FlagEntry => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  ...(rollout === undefined ? {} : { rollout }),
});
const entries: Entries = new Map<EntryKey, Entry>([
  ["flag:steps", flag({ variant: "on", steps: [1, 1_000, 12_500, 33_333, 100_000] })],
  ["flag:shares", flag([["on", 12_500]])],
  ["flag:plain", flag(undefined)],
  ["flag:constructor", flag(undefined)],
  ["segment:segment", true],
]);

/** Of a step in thousandths, as the percent that a document writes. */
const asWritten = (step: number): number =>
  Number(`${Math.floor(step / 1_000)}.${String(step % 1_000).padStart(3, "0")}`);

describe("a step is found by its percent", () => {
  const stepped = entries.get("flag:steps") as FlagEntry;

  test.each([
    [0.001, 1],
    [1, 1_000],
    [12.5, 12_500],
    [33.333, 33_333],
    [100, 100_000],
  ])("%d %%", (percent, step) => {
    expect(stepAt(stepped, percent)).toBe(step);
  });

  test("every one of a hundred thousand, as written in decimal", () => {
    const missed = Array.from({ length: 100_001 }, (_, step) => step).filter(
      (step) => stepAt(flag({ variant: "on", steps: [step] }), asWritten(step)) !== step,
    );
    expect(missed).toEqual([]);
  });

  test.each([0, 2, 12.4, 12.5001, 33.3333, 99, 101, -1])("but not %d %%, which it doesn't list", (percent) => {
    expect(stepAt(stepped, percent)).toBeUndefined();
  });
});

describe("an overlay dangles", () => {
  test.each<[string, Overlay, string | undefined]>([
    ["not where it is empty", {}, undefined],
    ["not by the kill of any flag", { plain: { kill: true }, constructor: { kill: true } } as Overlay, undefined],
    ["not by a step that the plan lists", { steps: { stage: 12.5 } }, undefined],
    ["by a kill of no flag", { gone: { kill: true } }, "gone"],
    ["by a flag that is a segment", { segment: { kill: true } }, "segment"],
    ["by a member of every object", { toString: { kill: true } } as unknown as Overlay, "toString"],
    ["by a percent outside the plan", { steps: { stage: 50 } }, "steps"],
    ["by a percent of a flag without a plan", { shares: { stage: 12.5 } }, "shares"],
    ["by a percent of a flag without a rollout", { plain: { stage: 100 } }, "plain"],
  ])("%s", (_, overlay, wanted) => {
    expect(danglingOverlay(overlay, entries)?.flag).toBe(wanted);
  });
});
