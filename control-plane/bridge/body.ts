/** Request bodies with a bound on their size. */
import { err, ok, type Result } from "../../shared/result.ts";

/** Reads on past the limit, without keeping it, so that the client gets to see the answer; no further than this. */
const discardedBytesMax = 64 * 1024 * 1024;

/** The body as UTF-8 text, or its size in bytes (at least) where that is over the limit. */
export async function readBody(request: Request, bytesMax: number): Promise<Result<string, number>> {
  if (request.body === null) return ok("");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
    else if (size > bytesMax + discardedBytesMax) break;
  }
  return size > bytesMax ? err(size) : ok(Buffer.concat(chunks).toString("utf8"));
}
