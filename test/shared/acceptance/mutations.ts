/** Every value that a JSON value becomes by changing it in one place. */
import type { Json, JsonObject } from "../../../shared/encoding/json.ts";
import { isObject } from "../../../shared/encoding/json.ts";

export interface Mutation<T> {
  /** Where, and what was done there. */
  readonly what: string;
  readonly value: T;
}

/** @param other the same thing of another release, whose parts are put in the place of these */
export function* mutationsOf(value: Json, other: Json | undefined, path = ""): Generator<Mutation<Json>> {
  for (const [what, changed] of replacements(value, other)) yield { what: `${path || "all"} ${what}`, value: changed };
  if (Array.isArray(value)) yield* inArray(value as readonly Json[], other, path);
  else if (isObject(value)) yield* inObject(value, other, path);
}

function* inArray(value: readonly Json[], other: Json | undefined, path: string): Generator<Mutation<Json>> {
  for (const [i, item] of value.entries()) {
    const at = `${path}/${i}`;
    yield { what: `${at} deleted`, value: value.toSpliced(i, 1) };
    yield { what: `${at} duplicated`, value: value.toSpliced(i, 0, item) };
    const there = Array.isArray(other) ? (other as readonly Json[])[i] : undefined;
    for (const inner of mutationsOf(item, there, at)) yield { what: inner.what, value: value.with(i, inner.value) };
  }
}

function* inObject(value: JsonObject, other: Json | undefined, path: string): Generator<Mutation<Json>> {
  for (const [key, member] of Object.entries(value)) {
    const at = `${path}/${key}`;
    const { [key]: _, ...rest } = value;
    yield { what: `${at} deleted`, value: rest };
    yield { what: `${at} renamed`, value: { ...rest, [`${key}x`]: member } };
    yield { what: `${at} beside`, value: { ...value, [`${key}x`]: member } };
    const there = isObject(other) ? other[key] : undefined;
    for (const inner of mutationsOf(member, there, at))
      yield { what: inner.what, value: { ...value, [key]: inner.value } };
  }
}

function* replacements(value: Json, other: Json | undefined): Generator<readonly [what: string, Json]> {
  const same = JSON.stringify(value);
  const types: readonly Json[] = [null, true, false, 0, 1, -1, "", "x", [], {}, [value], { x: value }];
  for (const changed of types)
    if (JSON.stringify(changed) !== same) yield [`as ${JSON.stringify(changed).slice(0, 20)}`, changed];
  if (other !== undefined && JSON.stringify(other) !== same) yield ["of another release", other];
  if (typeof value === "number")
    yield* [value + 1, value - 1, value * 2, value / 2, -value].map((n) => [`as ${n}`, n] as const);
  if (typeof value === "string") for (const { what, value: text } of textMutations(value)) yield [what, text];
}

/** A text with one character changed, at its ends and in places between; cut; doubled. */
export function* textMutations(text: string, places = 3): Generator<Mutation<string>> {
  for (let i = 0; i < places && i < text.length; i++) {
    const at = Math.floor((i * (text.length - 1)) / Math.max(1, Math.min(places, text.length) - 1));
    yield { what: `character ${at} changed`, value: withCharacter(text, at) };
    yield { what: `character ${at} left out`, value: text.slice(0, at) + text.slice(at + 1) };
  }
  if (text.length > 1) {
    yield { what: "cut in half", value: text.slice(0, text.length / 2) };
    yield { what: "doubled", value: text + text };
    yield { what: "reversed", value: Array.from(text).toReversed().join("") };
    yield { what: "in upper case", value: text.toUpperCase() };
  }
  yield { what: "with a space", value: `${text} ` };
  yield { what: "with a line break", value: `${text}\n` };
}

/** Another character of the same kind, so that the text keeps its form: base64 stays base64, a digit a digit. */
export function withCharacter(text: string, at: number): string {
  const found = text[at] ?? "";
  const other = /\d/.test(found)
    ? String((Number(found) + 1) % 10)
    : found === "A"
      ? "B"
      : found === "a"
        ? "b"
        : /[A-Z]/.test(found)
          ? "A"
          : "a";
  return text.slice(0, at) + other + text.slice(at + 1);
}
