/** `if`, `and`, `or`, `!`, `!!`. */
import type { Json } from "../../encoding/json.ts";
import { fail, isList, literal, onlyArgument, truthy, type Compiler, type Operator, type Rule } from "../rule.ts";

export const logicOperators: readonly (readonly [string, Operator])[] = [
  ["if", compileIf],
  ["?:", compileIf],
  ["and", (args, compiler) => compileUntil(args, compiler, false)],
  ["or", (args, compiler) => compileUntil(args, compiler, true)],
  ["!", (args, compiler) => compileTruth(args, compiler, false)],
  ["!!", (args, compiler) => compileTruth(args, compiler, true)],
];

/** `[condition, then, condition, then, …, otherwise]`. */
function compileIf(args: Json, { compile }: Compiler): Rule {
  if (!isList(args)) return fail;
  if (args.length === 0) return literal(null);
  const hasOtherwise = args.length % 2 === 1;
  let rule = hasOtherwise ? compile(args.at(-1)!) : literal(null);
  for (let i = args.length - (hasOtherwise ? 3 : 2); i >= 0; i -= 2) {
    const condition = compile(args[i]!);
    const then = compile(args[i + 1]!);
    const otherwise = rule;
    rule = (data, run, above) =>
      truthy(condition(data, run, above)) ? then(data, run, above) : otherwise(data, run, above);
  }
  return rule;
}

/** The first argument whose truth is `wanted`, else the last one. */
function compileUntil(args: Json, { compile }: Compiler, wanted: boolean): Rule {
  if (!isList(args)) return fail;
  if (args.length === 0) return literal(null);
  const rules = args.map(compile);
  const last = rules.pop()!;
  return (data, run, above) => {
    for (let i = 0; i < rules.length; i++) {
      const value = rules[i]!(data, run, above);
      if (truthy(value) === wanted) return value;
    }
    return last(data, run, above);
  };
}

function compileTruth(args: Json, { compile }: Compiler, wanted: boolean): Rule {
  const argument = onlyArgument(args);
  // Of several arguments the first one counts.
  const rule = compile(isList(argument) ? (argument[0] ?? null) : argument);
  return (data, run, above) => truthy(rule(data, run, above)) === wanted;
}
