/** `+`, `-`, `*`, `/`, `%`, `max`, `min`. What is no number fails the rule. */
import type { Json } from "../../encoding/json.ts";
import {
  compileList,
  fail,
  isList,
  onlyArgument,
  type Compiler,
  type Operator,
  type Rule,
  type Value,
} from "../rule.ts";

export const arithmeticOperators: readonly (readonly [string, Operator])[] = [
  ["+", (args, compiler) => compileUnary(args, compiler, sum, (value) => numberOf(value))],
  ["-", (args, compiler) => compileUnary(args, compiler, difference, (value) => -numberOf(value))],
  ["*", (args, compiler) => compileOver(args, compiler, product)],
  ["/", (args, compiler) => compileOver(args, compiler, quotient)],
  ["%", (args, compiler) => compileOver(args, compiler, remainder)],
  ["max", (args, compiler) => compileOver(args, compiler, (values) => extreme(values, Math.max))],
  ["min", (args, compiler) => compileOver(args, compiler, (values) => extreme(values, Math.min))],
];

type Over = (values: readonly Value[]) => number;

function compileOver(args: Json, compiler: Compiler, over: Over): Rule {
  const valuesOf = compileList(args, compiler);
  return (data, run, above) => over(valuesOf(data, run, above));
}

/** `+` and `-` take a list, or one value to make a number of or to negate. */
function compileUnary(args: Json, compiler: Compiler, over: Over, alone: (value: Value) => number): Rule {
  const rule = compiler.compile(onlyArgument(args));
  return (data, run, above) => {
    const value = rule(data, run, above);
    if (!value) return 0;
    return isList(value) ? over(value) : checked(alone(value));
  };
}

/** Null is 0, true is 1, a text is the number it writes. */
function numberOf(value: Value): number {
  return typeof value === "object" && value !== null ? fail() : Number(value);
}

const checked = (result: number): number => (Number.isNaN(result) ? fail() : result);

const sum: Over = (values) => checked(values.reduce<number>((total, value) => total + numberOf(value), 0));

const product: Over = (values) => checked(values.reduce<number>((total, value) => total * numberOf(value), 1));

function difference(values: readonly Value[]): number {
  const [first, ...others] = values;
  if (values.length === 0) return fail();
  if (others.length === 0) return -numberOf(first);
  return checked(others.reduce<number>((rest, value) => rest - numberOf(value), numberOf(first)));
}

/** Of one value its reciprocal. Dividing by nothing, 0 or false fails. */
function quotient(values: readonly Value[]): number {
  const [first, ...divisors] = values;
  if (values.length === 0) return fail();
  if (divisors.length === 0) return numberOf(first) ? 1 / numberOf(first) : fail();
  const result = divisors.reduce<number>((rest, value) => (value ? rest / numberOf(value) : fail()), numberOf(first));
  return result === Infinity ? fail() : checked(result);
}

function remainder(values: readonly Value[]): number {
  const [first, ...divisors] = values;
  if (divisors.length === 0) return fail();
  return checked(divisors.reduce<number>((rest, value) => rest % numberOf(value), numberOf(first)));
}

/** Only of numbers, and of at least one: nothing is coerced. */
function extreme(values: readonly Value[], pick: (a: number, b: number) => number): number {
  if (values.length === 0) return fail();
  return values.reduce<number>(
    (found, value) => (typeof value === "number" ? pick(found, value) : fail()),
    typeof values[0] === "number" ? values[0] : fail(),
  );
}
