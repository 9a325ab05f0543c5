/** The body of a push: a JSON bundle `{"files": {path: text}, "lock": text}`, or one bare YAML or JSON document. */
import { fromUtf8, utf8, type Bytes } from "../../shared/encoding/bytes.ts";
import { isObject, type JsonObject } from "../../shared/encoding/json.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Push } from "../validator/validate-push.ts";
import type { ApiFault } from "./problem.ts";
import { findRepeatedKey } from "./repeated-key.ts";

/** What a bundle may take above its documents: JSON escapes and the lock. */
export const pushBytesMax = 3 * limits.documentBytesMax;

const bad = (message: string): Result<never, ApiFault> => err({ code: "bad_request", message });

/**
 * What was sent as JSON and is an object with `files` is a bundle; all else is a document, and what is wrong with that
 * the locker tells, with line and column.
 * @param contentType as sent
 */
export function parsePushBody(bytes: Bytes, contentType: string): Result<Push, ApiFault> {
  if (bytes.length === 0) return bad("the body is empty: send a YAML or JSON document, or a bundle of files and lock");
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType.trim());
  const text = isJson ? fromUtf8(bytes) : undefined;
  const json = text === undefined ? undefined : parseJson(text);
  if (text === undefined || !isObject(json) || !isObject(json["files"])) {
    if (bytes.length > limits.documentBytesMax) return tooLarge("a document", bytes.length);
    return ok({ files: new Map([[isJson ? "body.json" : "body.yaml", bytes]]), lock: undefined });
  }
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) return bad(`the bundle has "${repeated}" twice`);
  return parseBundle(json, json["files"]);
}

function parseBundle(bundle: JsonObject, texts: JsonObject): Result<Push, ApiFault> {
  const extra = Object.keys(bundle).find((member) => member !== "files" && member !== "lock");
  if (extra !== undefined) return bad(`a bundle has "files" and "lock", and no "${extra}"`);
  const { lock } = bundle;
  if (lock !== undefined && typeof lock !== "string") return bad('"lock" must be the text of flagmesh.lock');
  const files = new Map<string, Bytes>();
  let total = 0;
  for (const [path, text] of Object.entries(texts)) {
    if (typeof text !== "string" || !text.isWellFormed())
      return bad(`"files" must map paths to texts, and "${path}" is none`);
    const file = utf8(text);
    total += file.length;
    files.set(path, file);
  }
  return total > limits.documentBytesMax ? tooLarge("files", total) : ok({ files, lock });
}

const tooLarge = (what: string, bytes: number): Result<never, ApiFault> =>
  err({ code: "body_too_large", message: `${what} of ${bytes} bytes: at most ${limits.documentBytesMax}` });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
