/** A Redis that was emptied, restored, altered or mixed up: told apart, nothing signed on it, mended from the anchor. */
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../control-plane/engine/engine.ts";
import { connectStore } from "../../../control-plane/publisher/store-client.ts";
import type { VerifiedRelease } from "../../../shared/acceptance/verified-release.ts";
import { controlPlaneKeys, publicKeys } from "../../../shared/store/keys.ts";
import { embedded, realRedis, type Endpoint } from "../bridge/backend.ts";
import { bare } from "../engine/test-document.ts";
import { believed, look } from "./edge-view.ts";
import { actor, createMeshUnderTest, type MeshUnderTest } from "./mesh-under-test.ts";
import { createSteps, faultKinds } from "./steps.ts";

const size = 5;

const push = (engine: Engine, { mesh }: MeshUnderTest, share: number) =>
  engine.push(mesh, bare({ share }), { actor, message: `${share}` });

/** All that Redis holds of a mesh's log. */
interface Copy {
  readonly head: string | null;
  readonly leaves: readonly string[];
  readonly statements: readonly string[];
}

async function copyOf({ mesh, redis }: MeshUnderTest): Promise<Copy> {
  const keys = publicKeys(mesh);
  return {
    head: await redis.get<string>(keys.head),
    leaves: await redis.lrange(keys.leaves, 0, -1),
    statements: await redis.lrange(keys.statements, 0, -1),
  };
}

async function putBack({ mesh, redis }: MeshUnderTest, { head, leaves, statements }: Copy): Promise<void> {
  const keys = publicKeys(mesh);
  await redis.del(keys.head, keys.leaves, keys.statements);
  if (head !== null) await redis.set(keys.head, head);
  if (leaves.length > 0) await redis.rpush(keys.leaves, ...leaves);
  if (statements.length > 0) await redis.rpush(keys.statements, ...statements);
}

/** A log of `size` releases: copies of Redis after each of them, and what an edge remembered then. */
async function grow(subject: MeshUnderTest, releases = size) {
  const engine = subject.start();
  const copies: Copy[] = [await copyOf(subject)];
  const memories: VerifiedRelease[] = [];
  for (let share = 1; share <= releases; share++) {
    expect(await push(engine, subject, share)).toMatchObject({ ok: true });
    copies.push(await copyOf(subject));
    memories.push(await believed(subject, subject.redis, memories.at(-1)));
  }
  return { engine, copies, memories };
}

type Damage = (subject: MeshUnderTest, copies: readonly Copy[]) => Promise<unknown>;

const damages: readonly (readonly [string, Damage])[] = [
  ["emptied of everything", async ({ redis, mesh }) => redis.del(...(await redis.keys(`flagmesh:{${mesh}}:*`)))],
  ["emptied of its log", (subject, [empty]) => putBack(subject, empty!)],
  ["restored from an old copy", (subject, copies) => putBack(subject, copies[3]!)],
  ["restored from the copy after the first release", (subject, copies) => putBack(subject, copies[1]!)],
  [
    "left with an old head and new lists",
    ({ redis, mesh }, copies) => redis.set(publicKeys(mesh).head, copies[2]!.head!),
  ],
  ["without its head", ({ redis, mesh }) => redis.del(publicKeys(mesh).head)],
  ["without its leaves", ({ redis, mesh }) => redis.del(publicKeys(mesh).leaves)],
  ["without its newest statement", ({ redis, mesh }) => redis.exec(["LTRIM", publicKeys(mesh).statements, "0", "-2"])],
  ["with a leaf too many", ({ redis, mesh }) => redis.rpush(publicKeys(mesh).leaves, "stray")],
  ["with a head that is no JSON", ({ redis, mesh }) => redis.set(publicKeys(mesh).head, "{")],
  [
    "with a head that claims a longer log, unsigned",
    ({ redis, mesh }, copies) =>
      redis.set(publicKeys(mesh).head, copies[size]!.head!.replace(`\\n${size}\\n`, `\\n${size + 100}\\n`)),
  ],
  [
    "with another overlay in its head",
    ({ redis, mesh }, copies) =>
      redis.set(
        publicKeys(mesh).head,
        copies[size]!.head!.replace('"overlay":{}', '"overlay":{"checkout":{"kill":true}}'),
      ),
  ],
  [
    "with a head of another kind",
    async ({ redis, mesh }) => {
      await redis.del(publicKeys(mesh).head);
      await redis.rpush(publicKeys(mesh).head, "x");
    },
  ],
  [
    "with leaves of another kind",
    async ({ redis, mesh }) => {
      await redis.del(publicKeys(mesh).leaves);
      await redis.set(publicKeys(mesh).leaves, "x");
    },
  ],
];

for (const backend of [embedded, realRedis]) {
  const { missing, name } = backend;
  describe.skipIf(missing !== undefined)(`on ${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    let endpoint: Endpoint;
    let redis: Redis;

    beforeAll(async () => {
      endpoint = await backend.open();
      redis = connectStore(endpoint);
    });
    afterAll(() => endpoint.close());

    test.each(damages)(
      "a Redis %s is told from a good one, nothing is signed on it, and restore mends it",
      async (_, damage) => {
        const subject = createMeshUnderTest(redis);
        const { engine, copies, memories } = await grow(subject);
        await damage(subject, copies);
        for (const control of [engine, subject.start()]) {
          expect(await push(control, subject, 50)).toMatchObject({ ok: false, error: { code: "store_rolled_back" } });
          const killed = await control.operate(subject.mesh, "checkout", { kill: true }, { actor, message: "" });
          expect(killed).toMatchObject({ ok: false, error: { code: "store_rolled_back" } });
          expect(await control.reconcile(subject.mesh)).toMatchObject({ error: { code: "store_rolled_back" } });
        }
        expect(subject.signedSizes()).toBe(size);

        expect(await engine.restore(subject.mesh)).toEqual({ ok: true, value: size });
        expect(await copyOf(subject)).toEqual(copies[size]);
        for (const memory of [undefined, ...memories]) {
          expect(await believed(subject, redis, memory)).toMatchObject({ statement: { release: size - 1 } });
        }
        expect(await push(engine, subject, 50)).toMatchObject({ ok: true, value: { release: { release: size } } });
        for (const memory of [undefined, ...memories]) {
          expect(await believed(subject, redis, memory)).toMatchObject({ statement: { release: size } });
        }
        expect((await subject.stored()).statements).toHaveLength(size + 1);
        subject.expectOneHistory();
        expect(subject.signedSizes()).toBe(size + 1);
      },
    );

    test("a stream that refuses every event, or is none, is replaced by a restore", async () => {
      const subject = createMeshUnderTest(redis);
      const { engine } = await grow(subject);
      const { stream } = controlPlaneKeys(subject.mesh);
      await redis.del(stream);
      await redis.set(stream, "x");
      expect(await push(engine, subject, 50)).toMatchObject({ ok: false, error: { code: "publish_pending" } });
      expect(await engine.restore(subject.mesh)).toEqual({ ok: true, value: size + 1 });
      expect(await push(engine, subject, 60)).toMatchObject({ ok: true, value: { release: { release: size + 1 } } });
      expect((await subject.stored()).statements).toHaveLength(size + 2);
      subject.expectOneHistory();
    });

    test("an anchor that is behind Redis is told as such, and restore doesn't take Redis back to it", async () => {
      const subject = createMeshUnderTest(redis);
      const { copies, memories } = await grow(subject);
      for (const old of [0, 1, size - 1]) {
        const engine = subject.start({ anchor: await subject.anchorAt(old) });
        const behind = { ok: false, error: { code: "anchor_behind" } };
        expect(await push(engine, subject, 50)).toMatchObject(behind);
        expect(await engine.restore(subject.mesh)).toMatchObject(behind);
        expect(await copyOf(subject)).toEqual(copies[size]);
      }
      expect(await believed(subject, redis, memories.at(-1))).toMatchObject({ statement: { release: size - 1 } });
      expect(subject.signedSizes()).toBe(size);
    });

    test("an anchor with another history than Redis, signed by the same key, is told as such", async () => {
      const subject = createMeshUnderTest(redis);
      const { copies } = await grow(subject);
      // The worst case: an old anchor went on while Redis was emptied.
      const anchor = await subject.anchorAt(2);
      await putBack(subject, copies[2]!);
      const engine = subject.start({ anchor });
      for (let share = 60; share < 70; share++) {
        expect(await push(engine, subject, share)).toMatchObject({ ok: true });
      }
      expect(() => subject.expectOneHistory()).toThrow("to deeply equal");
      await putBack(subject, copies[size]!);
      const behind = {
        ok: false,
        error: { code: "anchor_behind", message: expect.stringContaining("another history") },
      };
      expect(await push(engine, subject, 50)).toMatchObject(behind);
      expect(await engine.restore(subject.mesh)).toMatchObject(behind);
    });

    test("a log that another key signed is neither gone on with nor overwritten by an empty anchor", async () => {
      const [subject, stranger] = [createMeshUnderTest(redis), createMeshUnderTest(redis)];
      await grow(stranger);
      const foreign = await copyOf(stranger);
      await putBack(subject, foreign);
      const refused = {
        ok: false,
        error: { code: "store_rolled_back", message: expect.stringContaining("didn't sign") },
      };
      expect(await push(subject.start(), subject, 50)).toMatchObject(refused);
      expect(await subject.start().restore(subject.mesh)).toMatchObject(refused);
      expect(await copyOf(subject)).toEqual(foreign);
      expect(subject.signedSizes()).toBe(0);
    });

    test("what is signed but not yet published is published by a restore too", async () => {
      const subject = createMeshUnderTest(redis);
      await grow(subject);
      const steps = createSteps();
      await push(subject.start({ steps }), subject, 50);
      const at = steps.names.indexOf("redis eval") + 1;
      const engine = subject.start({ steps: createSteps({ at, kind: "lost" }) });
      expect(await push(engine, subject, 60)).toMatchObject({ error: { code: "publish_pending" } });
      await redis.del(...(await redis.keys(`flagmesh:{${subject.mesh}}:*`)));
      expect(await push(engine, subject, 70)).toMatchObject({ error: { code: "store_rolled_back" } });
      expect(await engine.restore(subject.mesh)).toEqual({ ok: true, value: size + 2 });
      expect(await subject.occurrences("60")).toBe(1);
      expect(await engine.releases(subject.mesh, size + 1, size + 2)).toMatchObject({ value: [{ published: true }] });
    });

    test.each(faultKinds)(
      "a restore survives each of its steps being %s",
      async (kind) => {
        const few = 2;
        const rehearsal = createMeshUnderTest(redis);
        await grow(rehearsal, few);
        const steps = createSteps();
        await rehearsal.start({ steps }).restore(rehearsal.mesh);
        for (let at = 1; at <= steps.names.length; at++) {
          if (backend === realRedis && steps.names[at - 1]?.startsWith("anchor")) continue;
          const subject = createMeshUnderTest(redis);
          const { copies, memories } = await grow(subject, few);
          await putBack(subject, copies[1]!);
          const faulty = createSteps({ at, kind });
          await Promise.race([subject.start({ steps: faulty }).restore(subject.mesh), faulty.killed]);
          const { head } = await copyOf(subject);
          expect([null, copies[1]!.head, copies[few]!.head]).toContain(head);
          // Half-way through, an edge with memory keeps what it has.
          const seen = await look(subject, redis, memories.at(-1));
          expect(typeof seen === "string" ? seen : seen.statement.release).toSatisfy((found) =>
            ["head_missing", "older_checkpoint", few - 1].includes(found as string | number),
          );
          expect(await subject.start().restore(subject.mesh)).toEqual({ ok: true, value: few });
          expect(await copyOf(subject)).toEqual(copies[few]);
          expect(subject.signedSizes()).toBe(few);
        }
      },
      60_000,
    );

    test("a restored head is fresh at once for an edge without memory", async () => {
      const subject = createMeshUnderTest(redis);
      const { engine } = await grow(subject);
      await redis.del(publicKeys(subject.mesh).fresh, publicKeys(subject.mesh).head);
      await engine.restore(subject.mesh);
      expect(await redis.get(publicKeys(subject.mesh).fresh)).toContain("signature");
    });
  });
}
