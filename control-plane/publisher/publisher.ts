/**
 * From a release to Redis: blobs first, then the anchor, in which it is signed, then one script that moves the head or
 * does nothing. Whoever dies in between leaves the old release or the new one; `reconcile` finishes what the anchor says
 * was signed.
 */
import type { Redis } from "@upstash/redis";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { controlPlaneKeys, publicKeys } from "../../shared/store/keys.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import { compare, readStoredLog } from "./agreement.ts";
import { AnchorError, type Anchor, type AnchoredRelease, type Blobs, type SignedRelease } from "./anchor.ts";
import { publishScript } from "./publish-script.ts";
import { restoreLog } from "./restore-log.ts";
import { reach, rolledBack, type PublishFault } from "./store-fault.ts";

/** Each may reject with the anchor's `AnchorError`. */
export interface Publisher {
  /** Makes sure that Redis has exactly what the anchor has, finishing a release that was signed and not yet published. */
  readonly reconcile: (mesh: MeshId) => Promise<Result<void, PublishFault>>;
  /**
   * Publishes the release that follows `before`, the newest in the anchor (absent: the first). It is signed when its
   * blobs are in Redis and nobody else can take its place any more.
   */
  readonly publish: (
    mesh: MeshId,
    before: AnchoredRelease | undefined,
    sign: () => SignedRelease,
    blobs: Blobs,
  ) => Promise<Result<SignedRelease, PublishFault>>;
  /** Replaces the value that says how fresh the head is. */
  readonly renew: (mesh: MeshId, renewal: string) => Promise<Result<void, PublishFault>>;
  /** Writes everything in the anchor to Redis again, over whatever is there. Answers the number of releases. */
  readonly restore: (mesh: MeshId) => Promise<Result<number, PublishFault>>;
}

const streamLengthMax = 1_000;
const readsMax = 5;

/** @param policiesOf every policy that a mesh's log is or was under: they name the keys that sign it */
export function createPublisher(
  redis: Redis,
  anchor: Anchor,
  policiesOf: (mesh: MeshId) => readonly MeshPolicy[],
): Publisher {
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

  /** In the anchor, and signed: or whoever came first. */
  async function anchored(
    mesh: MeshId,
    before: AnchoredRelease | undefined,
    sign: () => SignedRelease,
    blobs: Blobs,
  ): Promise<Result<SignedRelease, AnchoredRelease>> {
    let signed: SignedRelease | undefined;
    try {
      return await anchor.append(mesh, before, () => (signed = sign()), blobs);
    } catch (error) {
      // It may have failed after it had written.
      if (signed === undefined || (await anchor.newest(mesh))?.head !== signed.head) throw error;
      return ok(signed);
    }
  }

  /** Redis has it. Where the anchor can't take note of that now, `reconcile` will find it out. */
  async function markPublished(mesh: MeshId, size: number): Promise<void> {
    try {
      await anchor.markPublished(mesh, size);
    } catch (error) {
      if (!(error instanceof AnchorError)) throw error;
    }
  }

  /** Somebody else may have found it in the anchor and published it, and more after it, while we waited for Redis. */
  async function publishedByOthers(mesh: MeshId, size: number): Promise<boolean> {
    const [release] = await anchor.releases(mesh, size - 1, size);
    return release?.published === true;
  }

  async function finish(mesh: MeshId, release: AnchoredRelease): Promise<Result<void, PublishFault>> {
    const [before] = release.size > 1 ? await anchor.releases(mesh, release.size - 2, release.size - 1) : [];
    const written = await writeBlobs(await blobsOf(anchor, mesh, release));
    if (!written.ok) return written;
    const moved = await moveHead(mesh, before, release);
    if (!moved.ok) return moved;
    if (!moved.value && !(await publishedByOthers(mesh, release.size))) {
      return err(rolledBack(release, "its log is not the one that release extends"));
    }
    await markPublished(mesh, release.size);
    return ok(undefined);
  }

  /** Redis and the anchor at one moment, or `undefined` where they are being changed all the time. */
  async function look(mesh: MeshId) {
    for (let attempt = 1; attempt <= readsMax; attempt++) {
      const before = await anchor.newest(mesh);
      const blobKeys = before === undefined ? [] : blobKeysOf(mesh, before);
      const stored = await reach(() => readStoredLog(redis, mesh, blobKeys));
      if (!stored.ok) return stored;
      const newest = await anchor.newest(mesh);
      if (before?.head !== newest?.head || before?.published !== newest?.published) continue;
      return ok({
        newest,
        agreement: await compare(mesh, newest, stored.value, blobKeys.length, anchor, policiesOf(mesh)),
      });
    }
    return ok(undefined);
  }

  return {
    async reconcile(mesh) {
      const looked = await look(mesh);
      if (!looked.ok) return looked;
      const { newest, agreement } = looked.value ?? {};
      // No two looks alike: somebody is publishing, so Redis agreed with the anchor just now.
      if (agreement === undefined) return ok(undefined);
      if (agreement.kind === "disagreed") return err(agreement.fault);
      if (newest === undefined) return ok(undefined);
      if (agreement.kind === "unpublished") return finish(mesh, newest);
      if (!newest.published) await markPublished(mesh, newest.size);
      return agreement.kind === "agreed" ? ok(undefined) : writeBlobs(await blobsOf(anchor, mesh, newest));
    },

    async publish(mesh, before, sign, blobs) {
      const written = await writeBlobs(blobs);
      if (!written.ok) return written;
      const appended = await anchored(mesh, before, sign, blobs);
      if (!appended.ok) return err({ code: "conflict", winner: appended.error });
      const release = appended.value;
      const pending = (message: string): PublishFault => ({
        code: "publish_pending",
        release: release.size - 1,
        message: `release ${release.size - 1} is signed and will be published: ${message}`,
      });
      const moved = await moveHead(mesh, before, release);
      if (!moved.ok) return err(pending("message" in moved.error ? moved.error.message : moved.error.code));
      if (!moved.value && !(await publishedByOthers(mesh, release.size))) {
        return err(pending("Redis no longer holds the log that it extends; see `flagmesh restore`"));
      }
      await markPublished(mesh, release.size);
      return ok(release);
    },

    async renew(mesh, renewal) {
      const done = await reach(() => redis.set(publicKeys(mesh).fresh, renewal));
      return done.ok ? ok(undefined) : done;
    },

    async restore(mesh) {
      const looked = await look(mesh);
      if (!looked.ok) return looked;
      const { agreement } = looked.value ?? {};
      const newest = await anchor.newest(mesh);
      // What the log's key signed is never overwritten by an anchor that doesn't know it.
      const refused = agreement?.kind === "disagreed" && agreement.fault.code === "anchor_behind";
      if (agreement?.kind === "disagreed" && (refused || newest === undefined)) return err(agreement.fault);
      if (newest === undefined) return ok(0);
      const done = await reach(() => restoreLog(redis, anchor, mesh, newest));
      if (!done.ok) return done;
      await markPublished(mesh, newest.size);
      return ok(newest.size);
    },
  };
}

/** The keys of what a release names by digest. */
function blobKeysOf(mesh: MeshId, release: SignedRelease): readonly string[] {
  const statement = parseStatement(release.statement);
  if (!statement.ok) {
    throw new AnchorError("anchor_damaged", `the anchor of ${mesh} holds a statement that can't be read`);
  }
  const { snapshotDigest, lockDigest, policy } = statement.value;
  return [
    publicKeys(mesh).snapshot(snapshotDigest),
    publicKeys(mesh).policy(policy.digest),
    controlPlaneKeys(mesh).lock(lockDigest),
  ];
}

async function blobsOf(anchor: Anchor, mesh: MeshId, release: SignedRelease): Promise<[string, string][]> {
  const blobs: [string, string][] = [];
  for (const key of blobKeysOf(mesh, release)) {
    const value = await anchor.blob(mesh, key);
    if (value === undefined) throw new AnchorError("anchor_damaged", `the anchor of ${mesh} lost ${key}`);
    blobs.push([key, value]);
  }
  return blobs;
}
