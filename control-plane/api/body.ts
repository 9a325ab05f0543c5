/** Request bodies, with a bound on their size. */
import type { Context } from "hono";
import { fromUtf8, type Bytes } from "../../shared/encoding/bytes.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { ApiFault } from "./problem.ts";

/** Read on past the limit, without keeping it, so that the client gets to see the answer; no further than this. */
const discardedBytesMax = 64 * 1024 * 1024;

/** @param bytesMax of the body as sent */
export async function readBytes({ req }: Context, bytesMax: number): Promise<Result<Bytes, ApiFault>> {
  const encoding = req.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return err({ code: "content_encoding_unsupported", message: "send the body as it is, without Content-Encoding" });
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of req.raw.body ?? []) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
    else if (size > bytesMax + discardedBytesMax) break;
  }
  if (size > bytesMax) return err({ code: "body_too_large", message: `the body has at most ${bytesMax} bytes` });
  return ok(new Uint8Array(Buffer.concat(chunks)));
}

/** @param wanted what to send, for people */
export async function readJson(c: Context, bytesMax: number, wanted: string): Promise<Result<unknown, ApiFault>> {
  const bytes = await readBytes(c, bytesMax);
  if (!bytes.ok) return bytes;
  const text = fromUtf8(bytes.value);
  try {
    return ok(JSON.parse(text ?? ""));
  } catch {
    return err({ code: "bad_request", message: `the body is not JSON: send ${wanted}` });
  }
}
