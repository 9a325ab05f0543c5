/** Whatever a store answers, a router refuses it with a code: it doesn't throw, and it believes nothing. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accept, type Candidate } from "../../../shared/acceptance/accept.ts";
import { refusalSteps } from "../../../shared/acceptance/refusal.ts";
import type { StoreReads } from "../../../shared/acceptance/verified-release.ts";
import { canonicalJson, type Json, type JsonObject } from "../../../shared/encoding/json.ts";
import { encodeStatement } from "../../../shared/trust/statement.ts";
import { production, staging } from "../../vectors/trust/load.ts";
import { pinsOf, remembered, storeOf } from "./router.ts";

const newest = 5;
const { head, fresh, statement, renewedAt } = production.releases[newest]!;
const now = renewedAt + 1;
const pins = pinsOf(production);
const overlayText = canonicalJson(production.releases[newest]!.overlay);
const { snapshot } = production.revisions[2]!;
const memories = [undefined, await remembered(production, 1)];
const codes = new Set<string>(Object.keys(refusalSteps));

/** The code, or `accepted` for the honest release, or `ANOTHER`: a throw fails the test. */
async function outcome(shown: unknown, renewal: unknown, change: object = {}, memory = memories[0]): Promise<string> {
  const candidate = { head: shown, fresh: renewal } as Candidate;
  const reads = { ...storeOf(production), ...change } as StoreReads;
  const result = await accept(candidate, memory, pins, reads, now);
  if (!result.ok) return result.error.code;
  const { release } = result.value;
  const same = encodeStatement(release.statement) === statement && canonicalJson(release.overlay) === overlayText;
  return same && release.snapshotText === snapshot ? "accepted" : "ANOTHER";
}

const parsed = JSON.parse(head) as JsonObject;
/** JSON that has something of the right shape. */
const members = [head, fresh, statement, production.policy, snapshot].flatMap((text) =>
  Object.entries(JSON.parse(text) as JsonObject),
);
const piece: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...members.map(([, value]) => value)),
  fc.constantFrom(...production.releases.flatMap(({ note, statement, leaf }) => [note, statement, leaf])),
  fc.jsonValue(),
  fc.constantFrom(0, -0, 1e21, 2 ** 53, 5e-324, "", "\u0000", "\ud800", "__proto__", [], {}),
);
const key = fc.oneof(
  fc.constantFrom(...members.map(([name]) => name), "__proto__", "constructor", "toString"),
  fc.string(),
);
const shaped = fc.dictionary(key, piece, { noNullPrototype: true });
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  shaped.map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.nat(head.length), fc.nat(head.length), fc.string())
    .map(([from, to, put]) => head.slice(0, from) + put + head.slice(to)),
);
/** With the right members, some of them anything. */
const likeHead = fc
  .record({ checkpoint: piece, statement: piece, proof: piece, overlay: piece, detail: piece }, { requiredKeys: [] })
  .map((changes) => JSON.stringify({ ...parsed, ...changes }));
const answer = fc
  .anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true })
  .filter((value) => typeof value !== "string");

describe.each(memories.map((memory, i) => [i === 0 ? "a cold router" : "a warm router", memory] as const))(
  "%s",
  (_, memory) => {
    test("believes no other release, whatever the head is", async () => {
      const heads = fc.oneof(text, likeHead);
      await fc.assert(
        fc.asyncProperty(heads, async (value) => {
          // A line of the note may be anybody's, where the renewal stands for it.
          expect(["accepted", ...codes]).toContain(await outcome(value, fresh, {}, memory));
        }),
        { numRuns: 1_000 },
      );
    });

    test("keeps the release whatever the renewal is", async () => {
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          expect(await outcome(head, value, {}, memory)).toBe("accepted");
        }),
        { numRuns: 500 },
      );
    });

    test("believes no snapshot that isn't the right one", async () => {
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          expect(codes).toContain(await outcome(head, fresh, { snapshot: async () => value }, memory));
        }),
        { numRuns: 300 },
      );
    });

    test("takes answers that aren't even text for nothing", async () => {
      await fc.assert(
        fc.asyncProperty(answer, async (value) => {
          expect(await outcome(value, fresh, {}, memory)).toBe("head_missing");
          expect(await outcome(head, value, {}, memory)).toBe("accepted");
          expect(await outcome(head, fresh, { snapshot: async () => value }, memory)).toBe("snapshot_missing");
        }),
        { numRuns: 300 },
      );
    });

    test("takes texts wrapped in something for nothing", async () => {
      for (const wrap of [(value: string) => [value], (value: string) => ({ toString: () => value, length: 1 })]) {
        expect(await outcome(wrap(head), fresh, {}, memory)).toBe("head_missing");
        expect(await outcome(head, fresh, { snapshot: async () => wrap(snapshot) }, memory)).toBe("snapshot_missing");
        const policy = await outcome(head, fresh, { policy: async () => wrap(production.policy) }, memory);
        expect(policy).toBe(memory === undefined ? "policy_missing" : "accepted");
      }
    });
  },
);

test("a cold router believes no policy that isn't the pinned one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, answer), async (value) => {
      expect(codes).toContain(await outcome(head, fresh, { policy: async () => value }));
    }),
    { numRuns: 500 },
  );
});

test.each(["leaves", "statements"])("a warm router believes no %s that aren't the log's", async (list) => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(fc.oneof(text, answer), { maxLength: 5 }), answer), async (value) => {
      expect(codes).toContain(await outcome(head, fresh, { [list]: async () => value }, memories[1]));
    }),
    { numRuns: 500 },
  );
});

test("every mixture of the parts of two meshes' heads is refused", async () => {
  const own = production.releases.map((release) => JSON.parse(release.head) as JsonObject);
  const others = staging.releases.map((release) => JSON.parse(release.head) as JsonObject);
  const pool = [...own, ...others];
  const names = Object.keys(parsed);
  const pick = fc.array(fc.nat(pool.length - 1), { minLength: names.length, maxLength: names.length });
  await fc.assert(
    fc.asyncProperty(pick, async (picks) => {
      const mixed = Object.fromEntries(names.map((name, i) => [name, pool[picks[i]!]![name] as Json]));
      const value = canonicalJson(mixed);
      fc.pre(!production.releases.some((release) => release.head === value));
      expect(codes).toContain(await outcome(value, null));
    }),
    { numRuns: 500 },
  );
});
