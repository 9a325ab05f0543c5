/** Schema pieces that several stored formats share, and the one way from a stored text to a typed value. */
import * as v from "valibot";
import { err, ok, type Result } from "../result.ts";
import { exceedsBytes, fromBase64 } from "./bytes.ts";
import { isDigest, type Digest } from "./digest.ts";
import { parseCanonicalJson } from "./json.ts";

/** 32 bytes, padded base64. */
export const hashText = v.pipe(
  v.string(),
  v.check((text) => {
    const bytes = fromBase64(text);
    return bytes.ok && bytes.value.length === 32;
  }, "not 32 bytes in base64"),
);

export const digestText = v.custom<Digest>(isDigest, "not sha256:<hex>");

/** A whole number from 0 to 2^53 - 1. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/**
 * Canonical JSON of at most `bytesMax` to a value of the schema. The text is what was signed or digested, so a text
 * that isn't its own canonical form is refused. The schema comes first: a text of the wrong shape costs the least.
 */
export function parseStored<S extends v.GenericSchema>(
  schema: S,
  text: string,
  bytesMax: number,
): Result<v.InferOutput<S>, "too_large" | "malformed" | "not_canonical"> {
  if (exceedsBytes(text, bytesMax)) return err("too_large");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("malformed");
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (!parsed.success) return err("malformed");
  return parseCanonicalJson(text).ok ? ok(parsed.output) : err("not_canonical");
}
