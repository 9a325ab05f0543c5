/** The body of a push: a JSON bundle `{"files": {path: text}, "lock": text}`, or one bare YAML or JSON document. */
import { utf8 } from "../../shared/encoding/bytes.ts";
import { isObject } from "../../shared/encoding/json.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Push } from "../validator/validate-push.ts";
import type { ApiFault } from "./problem.ts";

/** What a bundle may take above its documents: JSON escapes and the lock. */
export const pushBytesMax = 3 * limits.documentBytesMax;

const bad = (message: string): Result<never, ApiFault> => err({ code: "bad_request", message });

/** @param contentType as sent; only `application/json` can be a bundle */
export function parsePushBody(bytes: Uint8Array<ArrayBuffer>, contentType: string): Result<Push, ApiFault> {
  if (bytes.length === 0) return bad("the body is empty: send a YAML or JSON document, or a bundle of files and lock");
  const json = /^application\/(?:[\w.+-]+\+)?json\b/.test(contentType) ? parseJson(bytes) : undefined;
  if (!isObject(json) || !isObject(json["files"])) {
    if (bytes.length > limits.documentBytesMax) {
      return err({
        code: "body_too_large",
        message: `a document of ${bytes.length} bytes: at most ${limits.documentBytesMax}`,
      });
    }
    return ok({ files: new Map([[json === undefined ? "body.yaml" : "body.json", bytes]]), lock: undefined });
  }
  const { files: texts, lock, ...unknown } = json;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) return bad(`a bundle has "files" and "lock", and no "${extra}"`);
  if (lock !== undefined && typeof lock !== "string") return bad('"lock" must be the text of flagmesh.lock');
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let total = 0;
  for (const [path, text] of Object.entries(texts as Record<string, unknown>)) {
    if (typeof text !== "string") return bad(`"files" must map paths to texts, and "${path}" is none`);
    const file = utf8(text);
    total += file.length;
    files.set(path, file);
  }
  if (total > limits.documentBytesMax) {
    return err({
      code: "body_too_large",
      message: `files of ${total} bytes: at most ${limits.documentBytesMax} together`,
    });
  }
  return ok({ files, lock });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Then it is a document with a fault, which the locker describes with line and column.
    return undefined;
  }
}
