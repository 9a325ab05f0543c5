/** How values read as text where a rule needs text, as JavaScript's `String` has it, but bounded. */
import { limits } from "../limits.ts";
import { fail, type Value } from "./rule.ts";

/** Lists are their members joined by commas. */
export function textOf(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  if (!Array.isArray(value)) return "[object Object]";
  let text = "";
  for (let i = 0; i < value.length; i++) {
    const member: Value = value[i];
    text += (i === 0 ? "" : ",") + (member === null || member === undefined ? "" : textOf(member));
    boundText(text);
  }
  return text;
}

/** Rules can double a text at every step; past the bound they fail. */
export function boundText(text: string): string {
  return text.length <= limits.targetingTextCharsMax ? text : fail();
}
