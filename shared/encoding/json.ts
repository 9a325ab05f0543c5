/** I-JSON (RFC 7493) values and their canonical bytes, JCS (RFC 8785). */
import canonicalize from "canonicalize";
import { err, ok, type Result } from "../result.ts";

export type JsonPrimitive = null | boolean | number | string;
export type Json = JsonPrimitive | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The JCS text of a value that `checkIJson` passes. Throws on anything else: `canonicalize` drops `undefined` and
 * mangles functions, and a value that silently changes on its way to a signature is a broken invariant.
 */
export function canonicalJson(value: Json): string {
  const fault = findNotIJson(value);
  if (fault !== undefined) throw new TypeError(`not I-JSON at ${fault.path.join(".")}: ${fault.what}`);
  // A value that passed is never undefined, so neither is its text.
  return canonicalize(value) as string;
}

/** JSON text to a value, where the text is its own canonical form: no white space, no duplicate keys, one number form. */
export function parseCanonicalJson(text: string): Result<Json, "not_json" | "not_canonical"> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return err("not_json");
  }
  if (findNotIJson(value) !== undefined || canonicalize(value) !== text) return err("not_canonical");
  return ok(value);
}

export interface NotIJson {
  readonly code: "too_deep" | "half_surrogate" | "unsafe_number" | "forbidden_key" | "not_json";
  readonly path: readonly (string | number)[];
  readonly what: string;
}

const depthMax = 256;

/** The first place where a value is not I-JSON, or `undefined`. Also refuses the key `__proto__`, and depths over 256. */
export const findNotIJson = (value: unknown, path: readonly (string | number)[] = []): NotIJson | undefined =>
  faultIn(value, [...path]);

/** @param path of the value; the same array all the way down, so that hostile depths cost no copies */
function faultIn(value: unknown, path: (string | number)[]): NotIJson | undefined {
  const fault = (code: NotIJson["code"], what: string): NotIJson => ({ code, path: [...path], what });
  if (path.length > depthMax) return fault("too_deep", `nested deeper than ${depthMax}`);
  switch (typeof value) {
    case "boolean":
      return undefined;
    case "string":
      return value.isWellFormed() ? undefined : fault("half_surrogate", "a string with half a surrogate pair");
    case "number":
      if (!Number.isFinite(value)) return fault("unsafe_number", `${value} is not a finite number`);
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return fault(
          "unsafe_number",
          `${value} is beyond the integers that every JSON reader keeps exactly (2^53 - 1)`,
        );
      }
      return undefined;
    case "object": {
      if (value === null) return undefined;
      for (const [key, member] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
        path.push(key);
        if (key === "__proto__") return fault("forbidden_key", "the key __proto__");
        if (typeof key === "string" && !key.isWellFormed()) {
          return fault("half_surrogate", "a key with half a surrogate pair");
        }
        const within = faultIn(member, path);
        if (within !== undefined) return within;
        path.pop();
      }
      return undefined;
    }
    default:
      return fault("not_json", `a ${typeof value}`);
  }
}
