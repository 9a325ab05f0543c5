/** Publishing a whole log again from the anchor, over whatever Redis holds. */
import type { Redis } from "@upstash/redis";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { limits } from "../../shared/limits.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import type { Anchor, AnchoredRelease } from "./anchor.ts";

const releasesPerPage = 500;
/** JSON escapes and base64 may double a statement on the wire. */
const pageCharsMax = limits.redisRequestBytesMax / 4;

/**
 * Without a head nothing can be published, and edges keep what they have, until all of it is back. Every step may be
 * repeated, because the client repeats a request whose answer was lost. Rejects where Redis can't be reached.
 */
export async function restoreLog(redis: Redis, anchor: Anchor, mesh: MeshId, newest: AnchoredRelease): Promise<void> {
  const keys = publicKeys(mesh);
  // The stream too: one of another kind, or with its last number used up, would refuse every release to come.
  await redis.del(keys.head, keys.leaves, keys.statements, controlPlaneKeys(mesh).stream);
  for await (const [key, value] of anchor.blobs(mesh)) await redis.set(key, value);
  for await (const page of pagesOf(anchor, mesh, newest.size)) {
    const last = page.at(-1)!.size - 1;
    await redis
      .multi()
      .rpush(keys.leaves, ...page.map(({ leaf }) => leaf))
      .rpush(keys.statements, ...page.map(({ statement }) => statement))
      // A page that was pushed twice ends with its own repetition.
      .ltrim(keys.leaves, 0, last)
      .ltrim(keys.statements, 0, last)
      .exec();
  }
  await redis.set(keys.head, newest.head);
  await redis.publish(keys.events, newest.event);
}

/** The log in order, each page within what Redis takes in one request. */
async function* pagesOf(anchor: Anchor, mesh: MeshId, size: number): AsyncIterable<readonly AnchoredRelease[]> {
  for (let from = 0; from < size; from += releasesPerPage) {
    let page: AnchoredRelease[] = [];
    let chars = 0;
    for (const release of await anchor.releases(mesh, from, Math.min(size, from + releasesPerPage))) {
      chars += release.statement.length + release.leaf.length;
      if (page.length > 0 && chars > pageCharsMax) {
        yield page;
        page = [];
        chars = release.statement.length + release.leaf.length;
      }
      page.push(release);
    }
    if (page.length > 0) yield page;
  }
}
