/** `cat`, `substr`, `starts_with`, `ends_with`. */
import type { Json } from "../../encoding/json.ts";
import { compileList, fail, isList, onlyArgument, type Compiler, type Operator, type Rule } from "../rule.ts";
import { boundText, textOf } from "../text.ts";

export const textOperators: readonly (readonly [string, Operator])[] = [
  ["cat", compileCat],
  ["substr", compileSubstr],
  ["starts_with", compileEdge((text, edge) => text.startsWith(edge))],
  ["ends_with", compileEdge((text, edge) => text.endsWith(edge))],
];

/** Null and missing values add nothing to a list of them, but are no text by themselves. */
function compileCat(args: Json, { compile }: Compiler): Rule {
  const argument = onlyArgument(args);
  if (!isList(argument)) {
    const rule = compile(argument);
    return (data, run, above) => {
      const value = rule(data, run, above);
      if (value === null || value === undefined) return fail();
      return isList(value) ? value.reduce<string>(append, "") : textOf(value);
    };
  }
  const rules = argument.map(compile);
  return (data, run, above) => {
    let text = "";
    for (let i = 0; i < rules.length; i++) text = append(text, rules[i]!(data, run, above));
    return text;
  };
}

const append = (text: string, value: Parameters<typeof textOf>[0]): string =>
  value === null || value === undefined ? text : boundText(text + textOf(value));

/** `[text, start, length]`; a negative start counts from the end, a negative length leaves so many out at the end. */
function compileSubstr(args: Json, compiler: Compiler): Rule {
  const argumentsOf = compileList(args, compiler);
  return (data, run, above) => {
    const [text, start, length] = argumentsOf(data, run, above);
    if (typeof text !== "string") return fail();
    const from = wholeOf(Number(start));
    const rest = text.slice(from < 0 ? Math.max(text.length + from, 0) : from);
    if (length === undefined) return rest;
    const count = Number(length);
    return rest.slice(0, Math.max(wholeOf(count < 0 ? rest.length + count : count), 0));
  };
}

const wholeOf = (number: number): number => (Number.isNaN(number) ? 0 : Math.trunc(number));

/** Null, which is no answer, for anything but two texts. */
function compileEdge(test: (text: string, edge: string) => boolean): Operator {
  return (args, compiler) => {
    if (isList(args) && args.length === 2) {
      const [text, edge] = args.map(compiler.compile);
      return (data, run, above) => {
        const of = text!(data, run, above);
        const at = edge!(data, run, above);
        return typeof of === "string" && typeof at === "string" ? test(of, at) : null;
      };
    }
    const argumentsOf = compileList(args, compiler);
    return (data, run, above) => {
      const values = argumentsOf(data, run, above);
      const [of, at] = values;
      return values.length === 2 && typeof of === "string" && typeof at === "string" ? test(of, at) : null;
    };
  };
}
