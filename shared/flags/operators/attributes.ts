/** `var`, `missing`, `missing_some`: reading the context by path. */
import type { Json } from "../../encoding/json.ts";
import { follow, memberOf, pathOf, type AttributePath } from "../path.ts";
import { compileList, fail, isList, isLiteral, onlyArgument } from "../rule.ts";
import type { Above, Compiler, Operator, Rule, Run, Value } from "../rule.ts";
import { textOf } from "../text.ts";

export const attributeOperators: readonly (readonly [string, Operator])[] = [
  ["var", compileVar],
  ["missing", compileMissing],
  ["missing_some", compileMissingSome],
];

/** What flagd adds to every context: `$flagd.flagKey`, `$flagd.timestamp`. */
const flagdName = "$flagd";
/** Leads out of a loop: to its list, then to what stands around it. */
const outwards = "../";

/** `{ var: path }`, `{ var: [path, otherwise] }`; an empty path is the whole context, or the list item. */
function compileVar(args: Json, compiler: Compiler): Rule {
  const argument = onlyArgument(args);
  const [key = null, otherwise = null] = isList(argument) ? argument : [argument];
  const read = compileRead(key, compiler);
  const byDefault = compiler.compile(otherwise);
  return (data, run, above) => {
    const value = read(data, run, above);
    return value === undefined ? byDefault(data, run, above) : value;
  };
}

function compileRead(key: Json, { flagKey, compile }: Compiler): Rule {
  if (!isLiteral(key)) {
    const keyOf = compile(key);
    return (data, run, above) => readKey(keyOf(data, run, above), flagKey, data, run, above);
  }
  const text = keyText(key);
  if (text.startsWith(outwards)) return (data, run, above) => readKey(text, flagKey, data, run, above);
  const path = pathOf(text);
  const [name] = path;
  if (name === undefined || name === flagdName) {
    return (data, run, above) => readPath(path, flagKey, data, run, above);
  }
  return path.length === 1 ? (data) => memberOf(data, name) : (data) => follow(data, path);
}

const keyText = (key: Value): string => (key === null || key === undefined ? "" : textOf(key));

/** A key that a rule computed may be a list, of the key and what stands in for it. */
function readKey(key: Value, flagKey: string, data: Value, run: Run, above: Above | undefined): Value {
  if (isList(key)) {
    const value = readKey(key[0], flagKey, data, run, above);
    return value === undefined ? key[1] : value;
  }
  let text = keyText(key);
  let at = data;
  let outer = above;
  let atList = false;
  while (text.startsWith(outwards)) {
    if (outer === undefined) return undefined;
    text = text.slice(outwards.length);
    if (atList) {
      at = outer.data;
      outer = outer.above;
    } else {
      const { list, index } = outer;
      at = index === undefined ? (list as Json) : { iterator: list as Json, index };
    }
    atList = !atList;
  }
  return readPath(pathOf(text), flagKey, at, run, outer);
}

/** `above` is absent at the context itself, which is where flagd's own attributes are. */
function readPath(path: AttributePath, flagKey: string, data: Value, run: Run, above: Above | undefined): Value {
  if (above !== undefined) return follow(data, path);
  if (path.length === 0) return { ...(data as object), [flagdName]: flagdOf(flagKey, run) };
  if (path[0] !== flagdName) return follow(data, path);
  if (path.length === 2 && path[1] === "flagKey") return flagKey;
  if (path.length === 2 && path[1] === "timestamp") return run.timestamp;
  return follow(flagdOf(flagKey, run), path.slice(1));
}

const flagdOf = (flagKey: string, { timestamp }: Run): Json => ({ flagKey, timestamp });

function compileMissing(args: Json, compiler: Compiler): Rule {
  const keysOf = compileList(args, compiler);
  return (data, run, above) => missingOf(keysOf(data, run, above), data, run, above);
}

/** `{ missing_some: [needed, keys] }`: empty where at least so many of the keys are there. */
function compileMissingSome(args: Json, compiler: Compiler): Rule {
  const argumentsOf = compileList(args, compiler);
  return (data, run, above) => {
    const [needed, keys] = argumentsOf(data, run, above);
    if (!isList(keys)) return fail();
    const missing = missingOf(keys, data, run, above);
    return keys.length - missing.length >= Number(needed) ? [] : missing;
  };
}

const missingOf = (keys: readonly Value[], data: Value, run: Run, above: Above | undefined): readonly Json[] =>
  keys.filter((key): key is Json => !isThere(pathOf(textOf(key)), data, run, above));

/** Null is there; a path through null, 0, false or an empty text isn't. */
function isThere(path: AttributePath, data: Value, run: Run, above: Above | undefined): boolean {
  let at: Value = above === undefined && path[0] === flagdName ? { [flagdName]: flagdOf("", run) } : data;
  for (const name of path) {
    if (!at) return false;
    at = memberOf(at, name);
    if (at === undefined) return false;
  }
  return true;
}
