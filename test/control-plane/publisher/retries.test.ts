/** The client sends a request again whose answer was lost: nothing happens twice. And control planes that share an anchor. */
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnchoredRelease } from "../../../control-plane/publisher/anchor.ts";
import { connectStore } from "../../../control-plane/publisher/store-client.ts";
import { signRelease } from "../../../control-plane/publisher/sign-release.ts";
import { utf8 } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { emptyFrontier, extendFrontier, type Frontier } from "../../../shared/merkle/frontier.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { controlPlaneKeys, publicKeys } from "../../../shared/store/keys.ts";
import { detailDigest } from "../../../shared/trust/detail.ts";
import { overlayDigest } from "../../../shared/trust/overlay.ts";
import { encodeStatement, type Statement } from "../../../shared/trust/statement.ts";
import { embedded, realRedis, type Endpoint } from "../bridge/backend.ts";
import { bare, bundle, documentText, lockOf } from "../engine/test-document.ts";
import { actor, createMeshUnderTest, now, type MeshUnderTest } from "./mesh-under-test.ts";
import { startLossyProxy } from "./lossy-proxy.ts";
import { createSteps, type Steps } from "./steps.ts";

/** A log made without Redis, its statements this long in characters. */
async function anchorLog({ mesh, authority, anchor }: MeshUnderTest, releases: number, chars: number): Promise<void> {
  const { lock, text, snapshot } = lockOf(mesh, documentText());
  let frontier: Frontier = emptyFrontier;
  let before: AnchoredRelease | undefined;
  for (let release = 0; release < releases; release++) {
    const detail = { actor, message: String(release) };
    const statement: Statement = {
      type: "flagmesh/release/v1",
      origin: authority.policy.origin,
      release,
      revision: lock.revision,
      parent: lock.parent,
      configRoot: lock.configRoot,
      configSize: lock.configSize,
      snapshotDigest: lock.snapshotDigest,
      lockDigest: digestOf(text),
      overlayDigest: overlayDigest({}),
      detailDigest: detailDigest(detail),
      approvals: { notAfter: 0, signatures: ["x".repeat(chars)] },
      policy: { number: 1, digest: authority.policy.digest },
      time: now,
    };
    const known = frontier;
    const blobs = new Map([
      [publicKeys(mesh).policy(authority.policy.digest), authority.policy.text],
      [publicKeys(mesh).snapshot(lock.snapshotDigest), snapshot],
      [controlPlaneKeys(mesh).lock(statement.lockDigest), text],
    ]);
    const appended = await anchor.append(
      mesh,
      before,
      () => signRelease(known, statement, {}, detail, authority.keys),
      blobs,
    );
    if (!appended.ok) throw new Error("somebody else uses this anchor");
    before = { ...appended.value, published: false };
    frontier = extendFrontier(frontier, leafHash(utf8(encodeStatement(statement))));
  }
  await anchor.markPublished(mesh, releases);
}

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

    test("with every answer lost once, pushes, kills and restores leave one log, without repetitions", async () => {
      let requests = 0;
      const proxy = await startLossyProxy(endpoint.url, () => ++requests % 2 === 1);
      try {
        const subject = createMeshUnderTest(redis);
        const engine = subject.start({ redis: connectStore({ url: proxy.url, token: endpoint.token }) });
        for (const share of [1, 2, 3]) {
          const pushed = await engine.push(subject.mesh, bare({ share }), { actor, message: `${share}` });
          expect(pushed).toMatchObject({ ok: true, value: { created: true } });
        }
        expect(await engine.operate(subject.mesh, "f0", { kill: true }, { actor, message: "" })).toMatchObject({
          ok: true,
        });
        expect((await subject.stored()).statements).toHaveLength(4);
        await redis.del(publicKeys(subject.mesh).leaves);
        expect(await engine.restore(subject.mesh)).toEqual({ ok: true, value: 4 });
        expect((await subject.stored()).statements).toHaveLength(4);
        subject.expectOneHistory();
        expect(requests).toBeGreaterThan(40);
      } finally {
        await proxy.close();
      }
    });

    test.each([
      ["many releases", 1_203, 0],
      ["releases as large as they may be", 200, 60_000],
    ])("a log of %s is restored whole", async (_, releases, chars) => {
      const subject = createMeshUnderTest(redis);
      await anchorLog(subject, releases, chars);
      const engine = subject.start();
      expect(await engine.restore(subject.mesh)).toEqual({ ok: true, value: releases });
      const { leaves, statements } = publicKeys(subject.mesh);
      const kept = await subject.anchor.releases(subject.mesh, 0, releases);
      for (let from = 0; from < releases; from += 25) {
        const page = kept.slice(from, from + 25);
        expect(await redis.lrange(leaves, from, from + 24)).toEqual(page.map(({ leaf }) => leaf));
        expect(await redis.lrange(statements, from, from + 24)).toEqual(page.map(({ statement }) => statement));
      }
      expect(await redis.llen(leaves)).toBe(releases);
      expect(await engine.reconcile(subject.mesh)).toMatchObject({ ok: true });
    });

    test("two control planes on one anchor: every operator's change is made once, whoever publishes it", async () => {
      const subject = createMeshUnderTest(redis);
      const engines = [subject.start(), subject.start()];
      await engines[0]!.push(subject.mesh, bare({}), { actor, message: "first" });
      const flags = Array.from({ length: 10 }, (_, i) => `f${i}`);
      const outcomes = await Promise.all(
        flags.map((flag, i) =>
          engines[i % 2]!.operate(subject.mesh, flag, { kill: true }, { actor, message: `kill ${flag}` }),
        ),
      );
      for (const outcome of outcomes) expect(outcome).toMatchObject({ ok: true, value: { created: true } });
      for (const flag of flags) expect([flag, await subject.occurrences(`kill ${flag}`)]).toEqual([flag, 1]);
      const state = await engines[0]!.state(subject.mesh);
      expect(state.ok && Object.keys(state.value.overlay).sort()).toEqual(flags);
      expect((await subject.stored()).statements).toHaveLength(11);
      subject.expectOneHistory();
    });

    test("a release that another control plane published, and went on from, is acknowledged", async () => {
      const subject = createMeshUnderTest(redis);
      const other = subject.start();
      await other.push(subject.mesh, bare({}), { actor, message: "first" });
      const steps = createSteps();
      const overtaken: Steps = {
        ...steps,
        async run(name, work, failure) {
          if (name === "redis eval")
            await other.operate(subject.mesh, "f0", { kill: true }, { actor, message: "kill" });
          return steps.run(name, work, failure);
        },
      };
      const engine = subject.start({ steps: overtaken });
      const pushed = await engine.push(subject.mesh, bare({ share: 20 }), { actor, message: "overtaken" });
      expect(pushed).toMatchObject({ ok: true, value: { created: true, release: { release: 1 } } });
      const { statements } = await subject.stored();
      expect(statements.map(({ revision }) => revision)).toEqual([1, 2, 2]);
      expect([await subject.occurrences("overtaken"), await subject.occurrences("kill")]).toEqual([1, 1]);
      subject.expectOneHistory();
    });

    test("two control planes, ten pushes of locks on one base: one is made, the others learn of it", async () => {
      const subject = createMeshUnderTest(redis);
      const engines = [subject.start(), subject.start()];
      const first = await engines[0]!.push(subject.mesh, bare({}), { actor, message: "first" });
      const base = first.ok ? first.value.lock : "";
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, i) => {
          const pushed = bundle(subject.mesh, { share: 20 + i }, base);
          return engines[i % 2]!.push(subject.mesh, pushed, { actor, message: `push ${i}` });
        }),
      );
      const won = outcomes.filter(({ ok }) => ok);
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.ok) continue;
        expect(["conflict", "stale_parent"]).toContain(outcome.error.code);
        expect(outcome.error).toMatchObject({ winner: { release: 1, revision: 2, actor } });
      }
      expect((await subject.stored()).statements).toHaveLength(2);
      subject.expectOneHistory();
      expect(subject.signedSizes()).toBe(2);
    });
  });
}
