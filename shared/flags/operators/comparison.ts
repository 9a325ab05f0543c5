/** `==`, `===`, `!=`, `!==`, `<`, `<=`, `>`, `>=`, with flagd's coercions. */
import { fail, isList, type Operator, type Value } from "../rule.ts";

type Test = (a: Value, b: Value) => boolean;

/** Of two numbers, or of two texts (either of which may be null). */
type Order = (a: number | string, b: number | string) => boolean;

export const comparisonOperators: readonly (readonly [string, Operator])[] = [
  ["===", compare((a, b) => a === b)],
  ["!==", compare((a, b) => a !== b)],
  ["==", compareCoerced((a, b) => a === b)],
  ["!=", compareCoerced((a, b) => a !== b)],
  ["<", compareCoerced((a, b) => a < b)],
  ["<=", compareCoerced((a, b) => a <= b)],
  [">", compareCoerced((a, b) => a > b)],
  [">=", compareCoerced((a, b) => a >= b)],
];

/** Between more than two arguments the test holds between each and the next: `{ "<": [1, x, 10] }`. */
function compare(test: Test): Operator {
  return (args, { compile }) => {
    if (!isList(args) || args.length < 2) return fail;
    const [first, ...rest] = args.map(compile);
    const [second] = rest;
    if (rest.length === 1) return (data, run, above) => test(first!(data, run, above), second!(data, run, above));
    return (data, run, above) => {
      let before = first!(data, run, above);
      for (const rule of rest) {
        const next = rule(data, run, above);
        if (!test(before, next)) return false;
        before = next;
      }
      return true;
    };
  };
}

/** Texts compare as texts; anything else as numbers, and what is no number fails the rule. */
function compareCoerced(order: Order): Operator {
  return compare((a, b) => {
    if (isText(a) && isText(b)) return order(a as string, b as string);
    const left = numberOf(a);
    const right = numberOf(b);
    if (Number.isNaN(left) || (Number.isNaN(right) && a !== null)) return fail();
    return order(left, right);
  });
}

const isText = (value: Value): value is string | null => typeof value === "string" || value === null;

/** NaN for a text that is no number. */
function numberOf(value: Value): number {
  return (typeof value === "object" && value !== null) || Number.isNaN(value) ? fail() : Number(value);
}
