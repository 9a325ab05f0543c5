import { describe, expect, test } from "vitest";
import { checkTree } from "../../../edge/source/tree-check.ts";
import type { Slot } from "../../../shared/store/snapshot.ts";
import { acceptVector, remembered } from "../../shared/acceptance/router.ts";
import { acceptanceVectors } from "../../vectors/acceptance/load.ts";
import { production } from "../../vectors/trust/load.ts";

const rest = async (): Promise<void> => {};
const accepted = acceptanceVectors.filter(([, { expect }]) => expect === "accepted");

describe("recomputing the tree of an accepted release says what its vector says", () => {
  test.each(accepted)("%s", async (_, vector) => {
    const result = await acceptVector(vector);
    if (!result.ok) throw new Error(result.error.code);
    expect((await checkTree(result.value.release, rest))?.code).toBe(vector.tree);
  });

  test("and some vectors' digest is right while their root isn't", () => {
    expect(accepted.filter(([, { tree }]) => tree === "config_root_mismatch").length).toBeGreaterThanOrEqual(3);
  });
});

describe("a tree is wrong", () => {
  const changes: readonly (readonly [string, (slots: readonly Slot[]) => readonly Slot[]])[] = [
    ["without its last slot", (slots) => slots.slice(0, -1)],
    ["without its first slot", (slots) => slots.slice(1)],
    ["with a slot twice", (slots) => [...slots, slots[0]!]],
    ["with two slots exchanged", (slots) => slots.with(0, slots[1]!).with(1, slots[0]!)],
    ["with no slots", () => []],
  ];

  test.each(changes)("%s", async (_, change) => {
    const release = await remembered(production, 5);
    const snapshot = { ...release.snapshot, slots: change(release.snapshot.slots) };
    expect((await checkTree({ ...release, snapshot }, rest))?.code).toBe("config_root_mismatch");
  });

  test("with any slot's key, salt, value or leaf changed", async () => {
    const release = await remembered(production, 5);
    const { slots } = release.snapshot;
    const other: Partial<Slot>[] = [
      { key: "flag:another" },
      { salt: slots[0]!.leaf },
      { value: { another: true } },
      { leaf: slots[0]!.salt },
    ];
    for (const [i, slot] of slots.entries()) {
      for (const change of other) {
        const snapshot = { ...release.snapshot, slots: slots.with(i, { ...slot, ...change }) };
        expect((await checkTree({ ...release, snapshot }, rest))?.code).toBe("config_root_mismatch");
      }
    }
  });
});

test("other work runs between the pieces of a large tree", async () => {
  const release = await remembered(production, 5);
  const slots = Array.from({ length: 1_000 }, () => release.snapshot.slots[0]!);
  let rests = 0;
  await checkTree({ ...release, snapshot: { ...release.snapshot, slots } }, async () => {
    rests++;
  });
  expect(rests).toBe(20);
});
