/** What became of a mesh's entries from one revision to another, member by member. */
import { equalJson } from "../encoding/equal-json.ts";
import { isObject, type Json } from "../encoding/json.ts";
import type { Entries, EntryKey } from "./entry.ts";

/** `undefined` where the member isn't there. */
export interface MemberChange {
  /** `variants.on`; empty where the entry has no members of its own, as segments. */
  readonly path: readonly string[];
  readonly before?: Json;
  readonly after?: Json;
}

export interface EntryChange {
  readonly key: EntryKey;
  readonly kind: "added" | "changed" | "removed";
  /** Of an entry that was added or removed: all its members. */
  readonly members: readonly MemberChange[];
}

/** By key. An entry changed where its canonical JSON did. */
export function changesBetween(before: Entries, after: Entries): readonly EntryChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key): EntryChange[] => {
    const [from, to] = [before.get(key) as Json | undefined, after.get(key) as Json | undefined];
    if (equalJson(from, to)) return [];
    const kind = from === undefined ? "added" : to === undefined ? "removed" : "changed";
    return [{ key, kind, members: [...memberChanges(key.startsWith("segment:") ? depthMax : 0, [], from, to)] }];
  });
}

/** Members of members have places of their own (`variants.on`), what is deeper is shown with them. */
const depthMax = 2;

/** Read as a whole, by whoever has to judge them. */
const wholes = new Set(["targeting", "rollout"]);

function* memberChanges(
  depth: number,
  path: readonly string[],
  before: Json | undefined,
  after: Json | undefined,
): Generator<MemberChange> {
  if (equalJson(before, after)) return;
  const open = depth < depthMax && [before, after].every((value) => value === undefined || isObject(value));
  const names = open ? [...new Set([...namesIn(before), ...namesIn(after)])] : [];
  if (names.length === 0) {
    yield { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  }
  for (const name of names) {
    const deeper = wholes.has(name) ? depthMax : depth + 1;
    yield* memberChanges(deeper, [...path, name], memberOf(before, name), memberOf(after, name));
  }
}

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const namesIn = (value: Json | undefined): readonly string[] => (isObject(value) ? Object.keys(value) : []);
