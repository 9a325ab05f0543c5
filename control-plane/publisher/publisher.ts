/**
 * From a signed release to Redis: blobs first, then the anchor, then one script that moves the head or does nothing.
 * Whoever dies in between leaves the old release or the new one; `reconcile` finishes what the anchor says was signed.
 */
import type { Redis } from "@upstash/redis";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { parseHead } from "../../shared/store/head.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import { parseCheckpoint } from "../../shared/trust/checkpoint.ts";
import { parseSignedNote } from "../../shared/trust/signed-note.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import type { Anchor, AnchoredRelease, Blobs, SignedRelease } from "./anchor.ts";
import { publishScript } from "./publish-script.ts";

export type PublishFault =
  /** Nothing was signed. */
  | { readonly code: "store_unreachable"; readonly message: string }
  /** Redis is behind what was signed: it was emptied, restored or failed over. Nothing was signed. */
  | { readonly code: "store_rolled_back"; readonly message: string }
  /** Redis is ahead of the anchor: the anchor was lost or restored. Nothing was signed. */
  | { readonly code: "anchor_behind"; readonly message: string }
  /** Somebody else's release came first. Nothing was signed. */
  | { readonly code: "conflict"; readonly winner: AnchoredRelease }
  /** Signed and anchored, but Redis went away: it is published when Redis is back. */
  | { readonly code: "publish_pending"; readonly release: number; readonly message: string };

export interface Publisher {
  /** Makes sure that Redis has exactly what the anchor has, finishing a release that was signed and not yet published. */
  readonly reconcile: (mesh: MeshId) => Promise<Result<void, PublishFault>>;
  /** Publishes a release that extends the newest in the anchor. */
  readonly publish: (mesh: MeshId, release: SignedRelease, blobs: Blobs) => Promise<Result<void, PublishFault>>;
  /** Replaces the value that says how fresh the head is. */
  readonly renew: (mesh: MeshId, renewal: string) => Promise<Result<void, PublishFault>>;
  /** Writes everything in the anchor to Redis again, over whatever is there. Answers the number of releases. */
  readonly restore: (mesh: MeshId) => Promise<Result<number, PublishFault>>;
}

const streamLengthMax = 1_000;
const restorePage = 500;
const readsMax = 5;

export function createPublisher(redis: Redis, anchor: Anchor): Publisher {
  const readHead = (mesh: MeshId) => reach(() => redis.get<string>(publicKeys(mesh).head));

  const writeBlobs = (blobs: Iterable<readonly [string, string]>) =>
    reach(async () => {
      for (const [key, value] of blobs) await redis.set(key, value, { nx: true });
    });

  /** The one place where the head moves. */
  const moveHead = (mesh: MeshId, before: AnchoredRelease | undefined, release: SignedRelease) =>
    reach(async () => {
      const keys = publicKeys(mesh);
      const reply = await redis.eval<string[], string[]>(
        publishScript.lua,
        [keys.head, keys.leaves, keys.statements, controlPlaneKeys(mesh).stream],
        [
          String(before?.size ?? 0),
          before?.root ?? "",
          release.head,
          release.leaf,
          release.statement,
          keys.events,
          release.event,
          String(streamLengthMax),
        ],
      );
      return reply[0] === "published";
    });

  async function finish(mesh: MeshId, release: AnchoredRelease): Promise<Result<void, PublishFault>> {
    const [before] = release.size > 1 ? await anchor.releases(mesh, release.size - 2, release.size - 1) : [];
    const written = await writeBlobs(await blobsOf(anchor, mesh, release));
    if (!written.ok) return written;
    const moved = await moveHead(mesh, before, release);
    if (!moved.ok) return moved;
    if (!moved.value) return err(rolledBack(release, "its log is not the one that release extends"));
    await anchor.markPublished(mesh, release.size);
    return ok(undefined);
  }

  async function compare(
    mesh: MeshId,
    newest: AnchoredRelease | undefined,
    head: string | null,
  ): Promise<Result<void, PublishFault>> {
    if (newest !== undefined && head === newest.head) {
      if (!newest.published) await anchor.markPublished(mesh, newest.size);
      return ok(undefined);
    }
    const found = sizeOfHead(head);
    const known = newest?.size ?? 0;
    if (found > known) {
      const message = `Redis holds ${found} releases of ${mesh}, the anchor ${known}: restore the newest backup of the anchor`;
      return err({ code: "anchor_behind", message });
    }
    if (newest === undefined) return ok(undefined);
    if (!newest.published) return finish(mesh, newest);
    return err(
      rolledBack(
        newest,
        head === null ? "it is empty" : found < known ? `it ends at ${found - 1}` : "its head was altered",
      ),
    );
  }

  return {
    async reconcile(mesh) {
      for (let attempt = 1; ; attempt++) {
        const before = await anchor.newest(mesh);
        const head = await readHead(mesh);
        if (!head.ok) return head;
        const newest = await anchor.newest(mesh);
        // A release that was made between the two reads is no disagreement.
        const still = before?.head === newest?.head && before?.published === newest?.published;
        if (still || attempt === readsMax) return compare(mesh, newest, head.value);
      }
    },

    async publish(mesh, release, blobs) {
      const written = await writeBlobs(blobs);
      if (!written.ok) return written;
      const before = await anchor.newest(mesh);
      const anchored = await anchor.append(mesh, release, blobs);
      if (!anchored.ok) return err({ code: "conflict", winner: anchored.error });
      const pending = (message: string): PublishFault => ({
        code: "publish_pending",
        release: release.size - 1,
        message,
      });
      const moved = await moveHead(mesh, before, release);
      if (!moved.ok) return err(pending("message" in moved.error ? moved.error.message : moved.error.code));
      if (!moved.value) return err(pending("Redis no longer holds the log that it extends; see `flagmesh restore`"));
      await anchor.markPublished(mesh, release.size);
      return ok(undefined);
    },

    async renew(mesh, renewal) {
      const done = await reach(() => redis.set(publicKeys(mesh).fresh, renewal));
      return done.ok ? ok(undefined) : done;
    },

    async restore(mesh) {
      const newest = await anchor.newest(mesh);
      if (newest === undefined) return ok(0);
      const keys = publicKeys(mesh);
      const done = await reach(async () => {
        // Without a head nothing can be published, and edges keep what they have, until all of it is back.
        await redis.del(keys.head, keys.leaves, keys.statements);
        for await (const [key, value] of anchor.blobs(mesh)) await redis.set(key, value);
        for (let from = 0; from < newest.size; from += restorePage) {
          const page = await anchor.releases(mesh, from, Math.min(newest.size, from + restorePage));
          await redis
            .multi()
            .rpush(keys.leaves, ...page.map(({ leaf }) => leaf))
            .rpush(keys.statements, ...page.map(({ statement }) => statement))
            .exec();
        }
        await redis.set(keys.head, newest.head);
        await redis.publish(keys.events, newest.event);
      });
      if (!done.ok) return done;
      await anchor.markPublished(mesh, newest.size);
      return ok(newest.size);
    },
  };
}

/** Every command of this module goes through here, so that a store that is away is one outcome, not an exception. */
async function reach<T>(work: () => Promise<T>): Promise<Result<T, PublishFault>> {
  try {
    return ok(await work());
  } catch (error) {
    return err({ code: "store_unreachable", message: describe(error) });
  }
}

/** The blobs that a release names by digest. */
async function blobsOf(anchor: Anchor, mesh: MeshId, release: SignedRelease): Promise<[string, string][]> {
  const statement = parseStatement(release.statement);
  if (!statement.ok) throw new Error(`the anchor of ${mesh} holds a statement that can't be read`);
  const { snapshotDigest, lockDigest, policy } = statement.value;
  const keys = [
    publicKeys(mesh).snapshot(snapshotDigest),
    publicKeys(mesh).policy(policy.number),
    controlPlaneKeys(mesh).lock(lockDigest),
  ];
  const blobs: [string, string][] = [];
  for (const key of keys) {
    const value = await anchor.blob(mesh, key);
    if (value !== undefined) blobs.push([key, value]);
  }
  return blobs;
}

/** Log size that a stored head claims; 0 where there is none or it can't be read. */
function sizeOfHead(text: string | null): number {
  const head = text === null ? undefined : parseHead(text);
  const note = head?.ok ? parseSignedNote(head.value.checkpoint) : undefined;
  const checkpoint = note?.ok ? parseCheckpoint(note.value.text) : undefined;
  return checkpoint?.ok ? checkpoint.value.size : 0;
}

const rolledBack = (newest: AnchoredRelease, found: string): PublishFault => ({
  code: "store_rolled_back",
  message: `release ${newest.size - 1} was signed, but Redis doesn't hold it (${found}). \`flagmesh restore\` publishes the log again from the anchor`,
});

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
