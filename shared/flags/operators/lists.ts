/** `map`, `filter`, `reduce`, `all`, `none`, `some`, `merge`, `in`. */
import type { Json } from "../../encoding/json.ts";
import { compileList, fail, isList, isLiteral, truthy, visit } from "../rule.ts";
import type { Above, Compiler, Operator, Rule, Value } from "../rule.ts";
import { textOf } from "../text.ts";

export const listOperators: readonly (readonly [string, Operator])[] = [
  ["map", compileLoop(mapped, true)],
  ["filter", compileLoop(filtered, true)],
  ["all", compileLoop(all, false)],
  ["none", compileLoop((list, holds) => !some(list, holds), false)],
  ["some", compileLoop(some, false)],
  ["reduce", compileReduce],
  ["merge", compileMerge],
  ["in", compileIn],
];

type Each = (item: Value, index: number) => Value;
type Loop = (list: readonly Value[], each: Each) => Value;

/** `[list, rule]`: the rule's context is the item. A list that is missing is empty; anything but a list fails. */
function compileLoop(loop: Loop, indexed: boolean): Operator {
  return (args, { compile }) => {
    if (!isList(args)) return fail;
    const listOf = compile(args[0] ?? null);
    const body: Rule = args[1] === undefined ? () => undefined : compile(args[1]);
    return (data, run, above) => {
      const list = listed(listOf(data, run, above));
      visit(run, list.length);
      if (!indexed) {
        const inside: Above = { list, data, above };
        return loop(list, (item) => body(item, run, inside));
      }
      const inside = { list, index: 0, data, above };
      return loop(list, (item, index) => {
        inside.index = index;
        return body(item, run, inside);
      });
    };
  };
}

function listed(value: Value): readonly Value[] {
  if (isList(value)) return value;
  return value ? fail() : [];
}

function mapped(list: readonly Value[], each: Each): Value {
  return list.map(each) as Json;
}

function filtered(list: readonly Value[], each: Each): Value {
  return list.filter((item, index) => truthy(each(item, index))) as Json;
}

/** False for an empty list. */
function all(list: readonly Value[], each: Each): boolean {
  return list.length > 0 && list.every((item, index) => truthy(each(item, index)));
}

function some(list: readonly Value[], each: Each): boolean {
  return list.some((item, index) => truthy(each(item, index)));
}

/** `[list, rule, start]`: the rule's context is `{ accumulator, current }`. */
function compileReduce(args: Json, { compile }: Compiler): Rule {
  if (!isList(args)) return fail;
  const listOf = compile(args[0] ?? null);
  const body = compile(args[1] ?? null);
  const start = args[2] === undefined ? undefined : compile(args[2]);
  return (data, run, above) => {
    const first = start === undefined ? undefined : flat(start(data, run, above));
    const list = listed(listOf(data, run, above));
    visit(run, list.length);
    const inside: Above = { list, data, above };
    const step = (accumulator: Value, current: Value): Value =>
      flat(body({ accumulator, current } as Json, run, inside));
    if (start !== undefined) return list.reduce(step, first);
    return list.length === 0 ? fail() : list.reduce(step);
  };
}

/** Accumulators hold no lists within lists, so that they can't be doubled at every step. */
function flat(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  const members: readonly Value[] = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => typeof member === "object" && member !== null) ? fail() : value;
}

function compileMerge(args: Json, compiler: Compiler): Rule {
  const listsOf = compileList(args, compiler);
  return (data, run, above) => {
    const merged = listsOf(data, run, above).flatMap((value) => value) as Json[];
    visit(run, merged.length);
    return merged;
  };
}

/** From how many items on a set finds faster than a search. */
const setItemsMin = 9;

/** Whether a list has an item, or a text a part. */
function compileIn(args: Json, compiler: Compiler): Rule {
  const container = isList(args) && args.length === 2 ? args[1] : undefined;
  if (isList(args) && isList(container) && container.length >= setItemsMin && isLiteral(container)) {
    const item = compiler.compile(args[0]!);
    // A set finds by the same equality as `includes`.
    const items = new Set<Value>(container);
    return (data, run, above) => items.has(item(data, run, above));
  }
  const argumentsOf = compileList(args, compiler);
  return (data, run, above) => {
    const [item, container] = argumentsOf(data, run, above);
    if (typeof container === "string" && container !== "") {
      visit(run, container.length >>> 6);
      return container.includes(textOf(item));
    }
    const list = listed(container);
    visit(run, list.length);
    return list.includes(item);
  };
}
