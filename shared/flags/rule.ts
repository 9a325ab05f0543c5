/** What a targeting rule is once compiled: a closure, and what it needs to run. */
import type { Json } from "../encoding/json.ts";
import type { EvaluationContext } from "./context.ts";

/** `undefined` where a list is too short or an argument is left out: JsonLogic tells that from null. */
export type Value = Json | undefined;

/** One evaluation of one flag's targeting. */
export interface Run {
  readonly context: EvaluationContext;
  /** Unix seconds. */
  readonly timestamp: number;
  /** How many list items the rest of this evaluation may visit. */
  itemsLeft: number;
}

/** Inside `map`, `filter`, …: the list, where in it the evaluation is, and what stands outside. */
export interface Above {
  readonly list: readonly Value[];
  /** Its index in the list; absent where `../` names the list itself. */
  readonly index?: number;
  readonly data: Value;
  readonly above: Above | undefined;
}

/** `data` is the context, or the list item that an operator around this rule is at. */
export type Rule = (data: Value, run: Run, above: Above | undefined) => Value;

export interface Compiler {
  readonly flagKey: string;
  readonly compile: (rule: Json) => Rule;
}

/** An operator, by its arguments as they stand in the document. */
export type Operator = (args: Json, compiler: Compiler) => Rule;

/** Thrown within a rule and caught around it. Made once: a stack trace costs more than the evaluation. */
export const ruleFailure: Error = new Error("the rule has no result for this context");

export const fail = (): never => {
  throw ruleFailure;
};

/** Counts visited list items, so that loops within loops over a hostile context end. */
export function visit(run: Run, items: number): void {
  run.itemsLeft -= items;
  if (run.itemsLeft < 0) fail();
}

/** JsonLogic's truth: empty lists and objects are false too. */
export function truthy(value: Value): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  return Object.keys(value).length > 0;
}

/** No operator in it: it means itself. */
export function isLiteral(rule: Json): boolean {
  if (typeof rule !== "object" || rule === null) return true;
  return Array.isArray(rule) ? rule.every(isLiteral) : Object.keys(rule).length === 0;
}

export const literal =
  (value: Value): Rule =>
  () =>
    value;

export const isList = (value: Value): value is readonly Json[] => Array.isArray(value);

/** An operator's arguments as a list: `{ max: [1, 2] }`, `{ max: 1 }`, `{ max: { var: "list" } }`. */
export function compileList(args: Json, { compile }: Compiler): (...scope: Parameters<Rule>) => readonly Value[] {
  if (isList(args)) {
    if (isLiteral(args)) return () => args;
    const rules = args.map(compile);
    return (data, run, above) => rules.map((rule) => rule(data, run, above));
  }
  const rule = compile(args);
  return (data, run, above) => {
    const value = rule(data, run, above);
    if (!isList(value)) return [value];
    visit(run, value.length);
    return value;
  };
}

/** An operator's only argument, with or without a list around it: `{ "!": x }` is `{ "!": [x] }`. */
export function onlyArgument(args: Json): Json {
  return isList(args) && args.length === 1 && !isList(args[0]) ? args[0]! : args;
}
