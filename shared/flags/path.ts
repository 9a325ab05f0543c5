/** Paths into a context: `user.address.city`, `roles.0`, with `\.` for a dot in a name. */
import type { Value } from "./rule.ts";

export type AttributePath = readonly string[];

/** Empty for an empty text. A backslash makes a dot, a slash or a backslash behind it part of the name. */
export function pathOf(text: string): AttributePath {
  const path: string[] = [];
  let name = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const next = text[i + 1];
    if (char === "\\" && (next === "." || next === "/" || next === "\\")) {
      name += next;
      i++;
    } else if (char === ".") {
      path.push(name);
      name = "";
    } else {
      name += char;
    }
  }
  // A path of dots alone has as many names as dots, as in flagd's engine.
  return path.length === text.length ? path : [...path, name];
}

/** `undefined` where the path leads nowhere. */
export function follow(value: Value, path: AttributePath): Value {
  let at = value;
  for (let i = 0; i < path.length && at !== undefined; i++) at = memberOf(at, path[i]!);
  return at;
}

/** A value's own member: what it inherits (`constructor`, `__proto__`) is no attribute of anybody. */
export function memberOf(value: Value, name: string): Value {
  if (value === null || value === undefined || !Object.hasOwn(value as object, name)) return undefined;
  return (value as { readonly [name: string]: Value })[name];
}
