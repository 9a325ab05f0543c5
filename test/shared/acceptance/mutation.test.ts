/** One place changed in anything that the store holds: never another configuration, with memory and without. */
import { describe, expect, test } from "vitest";
import { accept, type Candidate } from "../../../shared/acceptance/accept.ts";
import type { StoreReads, VerifiedRelease } from "../../../shared/acceptance/verified-release.ts";
import { canonicalJson, findNotIJson, type Json, type JsonObject } from "../../../shared/encoding/json.ts";
import { production } from "../../vectors/trust/load.ts";
import { mutationsOf, textMutations, withCharacter, type Mutation } from "./mutations.ts";
import { candidateOf, pinsOf, remembered, storeOf } from "./router.ts";

const newest = 5;
const { head, statement, fresh, renewedAt, freshAt, note, checkpoint } = production.releases[newest]!;
const lines = note.slice(checkpoint.length);
const before = production.releases[newest - 1]!;
const now = renewedAt + 1;
const pins = pinsOf(production);
const honest = await remembered(production, newest);
const candidate = candidateOf(production, newest);

/** Cold; one release behind; two revisions behind, so that leaves and statements are read; with the very release. */
const memories = await Promise.all(
  [undefined, 4, 1, 5].map(
    async (release) =>
      [
        release === undefined ? "a cold router" : `a router that knows release ${release}`,
        release === undefined ? undefined : await remembered(production, release),
      ] as const,
  ),
);

const configurationOf = ({
  statement,
  checkpoint: { size, root },
  frontier,
  overlay,
  entries,
  snapshotText,
  policy,
}: VerifiedRelease) => ({
  statement,
  size,
  root: [...root],
  frontier: frontier.hashes.map((hash) => [...hash]),
  overlay,
  entries: [...entries],
  snapshotText,
  policy: policy.digest,
});
const wanted = JSON.stringify(configurationOf(honest));

/** What a mutant came to: the code of its refusal, `same` for the honest configuration, or else what makes it a defect. */
async function outcome(
  shown: Candidate,
  memory: VerifiedRelease | undefined,
  change: Partial<StoreReads> = {},
): Promise<string> {
  const result = await accept(shown, memory, pins, { ...storeOf(production), ...change }, now);
  if (!result.ok) return result.error.code;
  const { release, fault } = result.value;
  if (JSON.stringify(configurationOf(release)) !== wanted) return "ANOTHER CONFIGURATION";
  if (release.freshAt > renewedAt || release.freshAt < freshAt) return "ANOTHER FRESHNESS";
  return fault === undefined ? "same" : `same, ${fault.code}`;
}

/** The mutants whose outcome isn't one of those that may be. */
async function astray(
  original: string,
  mutants: Iterable<Mutation<string>>,
  of: (value: string) => Promise<string>,
  mayBe: (outcome: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  let count = 0;
  for (const { what, value } of mutants) {
    if (value === original) continue;
    const came = await of(value);
    count++;
    if (!mayBe(came)) found.push(`${what}: ${came}`);
  }
  expect(count).toBeGreaterThan(5);
  return found;
}

const refused = (came: string): boolean => !came.startsWith("same") && !came.startsWith("ANOTHER");
const harmless = (came: string): boolean => refused(came) || came.startsWith("same");

function* asText(mutations: Iterable<Mutation<Json>>): Generator<Mutation<string>> {
  for (const { what, value } of mutations) {
    if (findNotIJson(value) === undefined) yield { what, value: canonicalJson(value) };
    yield { what: `${what}, not canonical`, value: JSON.stringify(value, undefined, 1) };
  }
}
function* everyCharacter(text: string): Generator<Mutation<string>> {
  for (let at = 0; at < text.length; at++) yield { what: `character ${at}`, value: withCharacter(text, at) };
}
const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;
const inHead = (change: JsonObject): string => canonicalJson({ ...parsed(head), ...change });

const kept = (came: string): boolean => came === "same" || came.startsWith("same, freshness_");
const same = (came: string): boolean => came === "same";

describe.each(memories)("%s", (_, memory) => {
  const show = (value: string): Promise<string> => outcome({ head: value, fresh }, memory);
  const showCheckpoint = (value: string): Promise<string> => show(inHead({ checkpoint: value }));
  const showStatement = (value: string): Promise<string> => show(inHead({ statement: value }));
  const showProof = (value: string): Promise<string> => show(inHead({ proof: JSON.parse(value) as Json }));
  const renew = (value: string): Promise<string> => outcome({ head, fresh: value }, memory);

  test("takes the honest release", async () => {
    expect(await outcome(candidate, memory)).toBe("same");
  });

  test("refuses a head with any member but its note changed", async () => {
    const { checkpoint: _, ...rest } = parsed(head);
    const { checkpoint: __, ...other } = parsed(before.head);
    const mutants = asText(mutationsOf(rest, other));
    expect(await astray(canonicalJson(rest), mutants, (value) => show(withNote(value)), refused)).toEqual([]);
  });

  test("refuses a head with any member of its statement changed", async () => {
    const mutants = asText(mutationsOf(parsed(statement), parsed(before.statement)));
    expect(await astray(statement, mutants, showStatement, refused)).toEqual([]);
  });

  test("refuses a head with any hash of its proof changed", async () => {
    const { proof } = parsed(head) as { proof: Json };
    const mutants = mutationsOf(proof, parsed(before.head)["proof"]);
    const texts = Array.from(mutants, ({ what, value }) => ({ what, value: JSON.stringify(value) }));
    expect(await astray(JSON.stringify(proof), texts, showProof, refused)).toEqual([]);
  });

  test("refuses a checkpoint with any character changed", async () => {
    const mutants = [...everyCharacter(checkpoint), ...textMutations(checkpoint, 40)];
    const notes = mutants.map(({ what, value }) => ({ what, value: value + lines }));
    expect(await astray(note, notes, showCheckpoint, refused)).toEqual([]);
  });

  test("takes nothing else for any character changed in the note's lines", async () => {
    const mutants = [...everyCharacter(lines), ...textMutations(lines, 40)];
    const notes = mutants.map(({ what, value }) => ({ what, value: checkpoint + value }));
    expect(await astray(note, notes, showCheckpoint, harmless)).toEqual([]);
  });

  test("takes nothing else for lines of the note left out, doubled, exchanged, or of another release", async () => {
    const [, , , , log = "", freshness = ""] = note.split("\n");
    const [, , , , otherLog = "", otherFreshness = ""] = before.note.split("\n");
    const arrangements = [[], [log], [freshness], [freshness, log], [log, log, freshness], [log, freshness, freshness]];
    const mixed = [
      [otherLog, freshness],
      [log, otherFreshness],
      [otherLog, log, freshness],
      [log, freshness, otherLog],
    ];
    const mutants = [...arrangements, ...mixed].map((some) => ({
      what: some.map((line) => line.slice(-5)).join(),
      value: `${checkpoint}\n${some.map((line) => `${line}\n`).join("")}`,
    }));
    expect(await astray(note, mutants, showCheckpoint, harmless)).toEqual([]);
    expect(await showCheckpoint(`${checkpoint}\n${otherLog}\n${freshness}\n`)).toBe("log_signature_invalid");
  });

  test("takes nothing else for any character of the head changed", async () => {
    const mutants = memory === undefined ? everyCharacter(head) : textMutations(head, 250);
    expect(await astray(head, mutants, show, harmless)).toEqual([]);
    const tail = head.slice(head.indexOf(',"detail"'));
    const of = (value: string): Promise<string> => show(head.slice(0, -tail.length) + value);
    expect(await astray(tail, everyCharacter(tail), of, refused)).toEqual([]);
  });

  test("keeps the release for a renewal with anything changed, and says what is wrong", async () => {
    const mutants = asText(mutationsOf(parsed(fresh), parsed(before.fresh)));
    expect(await astray(fresh, mutants, renew, kept)).toEqual([]);
    expect(await astray(fresh, everyCharacter(fresh), renew, kept)).toEqual([]);
    expect(await renew("")).toBe("same, freshness_malformed");
    expect(await renew(before.fresh)).toBe("same");
  });
});

describe.each(memories.filter((_, i) => i !== 1))("what the store holds for %s", (_, memory) => {
  test("may be any policy but the pinned one: none is taken", async () => {
    const of = (value: string): Promise<string> => outcome(candidate, memory, { policy: async () => value });
    const mayBe = memory === undefined ? refused : same;
    const mutants = asText(mutationsOf(parsed(production.policy), undefined));
    expect(await astray(production.policy, mutants, of, mayBe)).toEqual([]);
    expect(await astray(production.policy, textMutations(production.policy, 200), of, mayBe)).toEqual([]);
  });

  test("may be any snapshot but the right one: none is taken", async () => {
    const { snapshot } = production.revisions[2]!;
    const known = memory?.statement.snapshotDigest === honest.statement.snapshotDigest;
    const mayBe = known ? same : (came: string): boolean => came === "snapshot_digest_mismatch";
    const of = (value: string): Promise<string> => outcome(candidate, memory, { snapshot: async () => value });
    const other = parsed(production.revisions[1]!.snapshot);
    const mutants = memory === undefined ? mutationsOf(parsed(snapshot), other) : [];
    const texts = Array.from(mutants, ({ what, value }) => ({ what, value: JSON.stringify(value) }));
    expect(await astray(snapshot, [...texts, ...textMutations(snapshot, 200)], of, mayBe)).toEqual([]);
  });

  test.each(["leaves", "statements"] as const)("may be any %s: nothing else is taken", async (list) => {
    const all = production.releases.map(({ leaf, statement }) => (list === "leaves" ? leaf : statement));
    const of = (value: string): Promise<string> => {
      const changed = JSON.parse(value) as string[];
      const slice = async (from: number, to: number): Promise<string[]> =>
        Array.isArray(changed) ? changed.slice(from, to) : changed;
      return outcome(candidate, memory, { [list]: slice });
    };
    const mutants = Array.from(mutationsOf(all, undefined), ({ what, value }) => ({
      what,
      value: JSON.stringify(value),
    }));
    expect(await astray(JSON.stringify(all), mutants, of, harmless)).toEqual([]);
  });
});

test.each(["leaves", "statements"] as const)(
  "a router that reads %s refuses any of them that is changed",
  async (list) => {
    const memory = await remembered(production, 1);
    const all = production.releases.map(({ leaf, statement }) => (list === "leaves" ? leaf : statement));
    for (const at of [2, 3, 4]) {
      const of = (value: string): Promise<string> =>
        outcome(candidate, memory, { [list]: async (from: number, to: number) => all.with(at, value).slice(from, to) });
      const mutants = [...textMutations(all[at]!, 30), { what: "of the next", value: all[at + 1]! }];
      expect(await astray(all[at]!, mutants, of, refused)).toEqual([]);
    }
  },
);

/** The other members' text, with the honest note put back. */
function withNote(rest: string): string {
  const value = JSON.parse(rest) as Json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return rest;
  const whole = { ...(value as JsonObject), checkpoint: note };
  return rest.includes("\n") ? JSON.stringify(whole, undefined, 1) : canonicalJson(whole);
}
