/** Whatever is lost, unanswered or killed, and whenever: one history, and no release acknowledged that isn't in it. */
import type { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine, Released } from "../../../control-plane/engine/engine.ts";
import type { EngineFault } from "../../../control-plane/engine/fault.ts";
import { connectStore } from "../../../control-plane/publisher/store-client.ts";
import type { Result } from "../../../shared/result.ts";
import { publicKeys } from "../../../shared/store/keys.ts";
import { embedded, realRedis, type Endpoint } from "../bridge/backend.ts";
import { bare, bundle } from "../engine/test-document.ts";
import { actor, createMeshUnderTest, type MeshUnderTest } from "./mesh-under-test.ts";
import { createSteps, faultKinds, type Fault, type Steps } from "./steps.ts";

const message = "the release under test";

interface Scenario {
  readonly name: string;
  /** Without faults: what is there before. */
  readonly before: (subject: MeshUnderTest) => Promise<void>;
  /** With one fault in it. */
  readonly act: (engine: Engine, subject: MeshUnderTest) => Promise<Result<Released | void | number, EngineFault>>;
  /** What `act` makes is already signed: it can only be published, not refused. */
  readonly signedBefore?: true;
}

const push = (engine: Engine, { mesh }: MeshUnderTest, share: number, why: string) =>
  engine.push(mesh, bare({ share }), { actor, message: why });

async function oneRelease(subject: MeshUnderTest): Promise<void> {
  expect(await push(subject.start(), subject, 1, "before")).toMatchObject({ ok: true });
}

const scenarios: readonly Scenario[] = [
  {
    name: "a first push",
    before: async () => {},
    act: (engine, subject) => push(engine, subject, 10, message),
  },
  {
    name: "a push with its lock",
    before: oneRelease,
    async act(engine, { mesh, start }) {
      const state = await start().state(mesh);
      const previous = state.ok ? state.value.lockText : undefined;
      return engine.push(mesh, bundle(mesh, { share: 10 }, previous), { actor, message });
    },
  },
  {
    name: "a kill",
    before: oneRelease,
    act: (engine, { mesh }) => engine.operate(mesh, "checkout", { kill: true }, { actor, message }),
  },
  {
    name: "publishing what was signed before",
    async before(subject) {
      await oneRelease(subject);
      await leavePending(subject);
    },
    act: (engine, { mesh }) => engine.reconcile(mesh),
    signedBefore: true,
  },
  {
    name: "a push onto what was signed before and not published",
    async before(subject) {
      await oneRelease(subject);
      const steps = createSteps(await losing(subject, "redis eval"));
      await push(subject.start({ steps }), subject, 3, "pending");
    },
    act: (engine, subject) => push(engine, subject, 10, message),
  },
];

/** The release under test is in the anchor only. */
async function leavePending(subject: MeshUnderTest): Promise<void> {
  const steps = createSteps(await losing(subject, "redis eval"));
  await push(subject.start({ steps }), subject, 10, message);
  expect(await subject.occurrences(message)).toBe(0);
}

/** The fault in a push that loses its first step of this name. */
async function losing({ redis }: MeshUnderTest, name: string): Promise<Fault> {
  rehearsed ??= rehearse(redis);
  return { at: (await rehearsed).indexOf(name) + 1, kind: "lost" };
}

let rehearsed: Promise<readonly string[]> | undefined;

async function rehearse(redis: Redis): Promise<readonly string[]> {
  const rehearsal = createMeshUnderTest(redis);
  await oneRelease(rehearsal);
  const steps = createSteps();
  await push(rehearsal.start({ steps }), rehearsal, 10, message);
  return steps.names;
}

async function stepsOf(redis: Redis, { before, act }: Scenario): Promise<readonly string[]> {
  const subject = createMeshUnderTest(redis);
  await before(subject);
  const steps = createSteps();
  expect(await act(subject.start({ steps }), subject)).toMatchObject({ ok: true });
  return steps.names;
}

/** How often the release may be in the log when `act` has ended that way, and when a control plane has started again. */
function allowedTimes(code: string, signedBefore: boolean): readonly (readonly [atOnce: number, afterwards: number])[] {
  const done = [1, 1] as const;
  const later = [0, 1] as const;
  const refused = [0, 0] as const;
  if (code === "ok") return [done];
  if (code === "publish_pending" || signedBefore) return [done, later];
  return code === "killed" ? [done, later, refused] : [refused];
}

async function withFault(redis: Redis, { before, act, signedBefore }: Scenario, fault: Fault): Promise<string> {
  const subject = createMeshUnderTest(redis);
  await before(subject);
  const old = await subject.stored();
  const steps: Steps = createSteps(fault);
  const outcome = await Promise.race([act(subject.start({ steps }), subject), steps.killed]);
  const code = outcome === "killed" ? "killed" : outcome.ok ? "ok" : outcome.error.code;

  // `stored` fails on anything between an old release and a new one.
  const { statements: found } = await subject.stored();
  expect(found.length).toBeGreaterThanOrEqual(old.statements.length);
  const atOnce = await subject.occurrences(message);
  const restarted = subject.start();
  expect(await restarted.reconcile(subject.mesh)).toEqual({ ok: true, value: undefined });
  const times = await subject.occurrences(message);
  expect(allowedTimes(code, signedBefore === true)).toContainEqual([atOnce, times]);

  expect(await push(restarted, subject, 99, "the log goes on")).toMatchObject({ ok: true, value: { created: true } });
  const { statements } = await subject.stored();
  expect(await subject.occurrences("the log goes on")).toBe(1);
  expect(await subject.occurrences(message)).toBe(times);
  // Every size up to the newest was signed once, and no size beyond it.
  subject.expectOneHistory();
  expect(subject.signedSizes()).toBe(statements.length);
  return code;
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

    describe.each(scenarios)("$name", (scenario) => {
      test.each(faultKinds)(
        "survives each of its steps being %s",
        async (kind) => {
          const names = await stepsOf(redis, scenario);
          const codes = new Set<string>();
          for (const [i, name] of names.entries()) {
            // Only what Redis does differs between the backends.
            if (backend === realRedis && name.startsWith("anchor")) continue;
            try {
              codes.add(await withFault(redis, scenario, { at: i + 1, kind }));
            } catch (error) {
              throw new Error(`step ${i + 1}, ${name}`, { cause: error });
            }
          }
          const possible = ["ok", "killed", "store_unreachable", "anchor_unavailable", "publish_pending"];
          expect(possible).toEqual(expect.arrayContaining([...codes]));
        },
        60_000,
      );
    });

    test("a pending release is named as such, and is published when Redis is back", async () => {
      const subject = createMeshUnderTest(redis);
      await oneRelease(subject);
      const engine = subject.start({ steps: createSteps(await losing(subject, "redis eval")) });
      expect(await push(engine, subject, 10, message)).toMatchObject({
        ok: false,
        error: { code: "publish_pending", release: 1 },
      });
      expect(await subject.occurrences(message)).toBe(0);
      expect(await engine.releases(subject.mesh, 1, 2)).toMatchObject({ value: [{ published: false }] });
      expect(await engine.reconcile(subject.mesh)).toMatchObject({ ok: true });
      expect(await subject.occurrences(message)).toBe(1);
      expect(await engine.releases(subject.mesh, 1, 2)).toMatchObject({ value: [{ published: true }] });
      // Asking for the same again finds it done.
      const asked = await push(engine, subject, 10, message);
      expect(asked).toMatchObject({ ok: true, value: { created: false, release: { release: 1 } } });
    });

    test.each([
      ["published", async () => {}],
      ["signed", leavePending],
    ] as const)("blobs of what is %s that Redis evicted are written again", async (_, before) => {
      const subject = createMeshUnderTest(redis);
      await oneRelease(subject);
      await before(subject);
      const state = await subject.start().state(subject.mesh);
      const { statement, snapshot } = state.ok ? state.value : (undefined as never);
      const key = publicKeys(subject.mesh).snapshot(statement.snapshotDigest);
      expect(await redis.del(key)).toBe(1);
      expect(await subject.start().reconcile(subject.mesh)).toMatchObject({ ok: true });
      expect(await redis.get(key)).toBe(snapshot);
    });
  });
}
