/** What a hostile or failing Redis can and can't do to a running mesh. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Json } from "../../shared/encoding/json.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { meshId, splitDocument, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";

const keys = publicKeys(meshId);
let mesh: TestMesh;
let on: TestBackend;
let off: TestBackend;

beforeAll(async () => {
  [on, off] = [await startBackend("on"), await startBackend("off")];
  mesh = await startMesh();
  await mesh.push(splitDocument(on, off, 100));
  await mesh.controlPlane().engine.renewFreshness(meshId);
  await mesh.until(({ release }) => release === 0);
});

afterAll(async () => {
  await mesh.close();
  await Promise.all([on.close(), off.close()]);
});

const pushedNow = async (): Promise<readonly [number, string]> => {
  const answer = await mesh.push(splitDocument(on, off, 50));
  return [answer.status, ((await answer.json()) as { code: string }).code];
};
const served = async (): Promise<string> => (await mesh.get("/", { "x-user-id": "ada" })).text();
const read = async (key: string): Promise<string> => {
  const reply = await mesh.store.command(["GET", key]);
  return typeof reply === "string" ? reply : new TextDecoder().decode(reply as Uint8Array);
};
const write = (key: string, value: string): Promise<unknown> => mesh.store.command(["SET", key, value]);

/** Every place in a JSON value, with another value of the same kind there. */
function* mutations(value: Json, path: string): Generator<readonly [path: string, mutated: Json]> {
  if (typeof value === "string") yield [path, value === "" ? "x" : flip(value)];
  else if (typeof value === "number") yield [path, value + 1];
  else if (typeof value === "boolean") yield [path, !value];
  else if (value === null) yield [path, false];
  else if (Array.isArray(value)) {
    const items = value as readonly Json[];
    for (const [i, item] of items.entries()) {
      for (const [at, mutated] of mutations(item, `${path}[${i}]`)) yield [at, items.with(i, mutated)];
    }
    yield [`${path}[+]`, [...items, items[0] ?? "x"]];
    if (items.length > 0) yield [`${path}[-]`, items.slice(1)];
  } else {
    const object = value as { readonly [key: string]: Json };
    for (const [key, member] of Object.entries(object)) {
      for (const [at, mutated] of mutations(member, `${path}.${key}`)) yield [at, { ...object, [key]: mutated }];
      const { [key]: _, ...without } = object;
      yield [`${path}.-${key}`, without];
    }
    yield [`${path}.+`, { ...object, added: true }];
  }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** One character in the middle replaced by another of the same alphabet. */
function flip(text: string): string {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

describe("an altered value never changes a decision, and health names the step", () => {
  test("every field of the head, and of the statement in it", async () => {
    const original = await read(keys.head);
    const head = JSON.parse(original) as { readonly [key: string]: Json };
    const statement = JSON.parse(head["statement"] as string) as Json;
    const altered = [
      ...Array.from(mutations(head, "head"), ([at, value]) => [at, JSON.stringify(value)] as const),
      ...Array.from(mutations(statement, "statement"), ([at, value]) => {
        return [at, JSON.stringify({ ...head, statement: JSON.stringify(value) })] as const;
      }),
      ["emptied", ""] as const,
      ["cut", original.slice(0, -1)] as const,
    ];
    expect(altered.length).toBeGreaterThan(40);
    for (const [at, value] of altered) {
      await write(keys.head, value);
      const before = await mesh.health();
      const after = await mesh.until(({ failures }) => total(failures) > total(before.failures));
      const { status, release, lastFailure } = after;
      const outcome = { at, status, release, named: (lastFailure?.step ?? 0) > 0, served: await served() };
      expect(outcome).toEqual({ at, status: "ok", release: 0, named: true, served: "on" });
    }
    await write(keys.head, original);
    await mesh.until(({ checkedAge }) => checkedAge === 0);
  }, 60_000);

  test("every field of the renewal of freshness", async () => {
    const original = await read(keys.fresh);
    const { signature } = JSON.parse(original) as { signature: string };
    for (const value of ["", "{}", original.replace(signature, flip(signature)), original.slice(1)]) {
      await write(keys.fresh, value);
      await mesh.until(({ lastFailure }) => lastFailure?.code.startsWith("freshness_") === true);
      expect(await served()).toBe("on");
    }
    await write(keys.fresh, original);
  });

  test("the snapshot, read by an isolate that remembers nothing", async () => {
    const statement = JSON.parse((JSON.parse(await read(keys.head)) as { statement: string }).statement) as {
      snapshotDigest: Parameters<typeof keys.snapshot>[0];
    };
    const key = keys.snapshot(statement.snapshotDigest);
    const original = await read(key);
    await write(key, original.replace('"rollout":[["on",100000]]', '"rollout":[["off",100000]]'));
    await mesh.restartRouter();
    const refused = await mesh.until(({ lastFailure }) => lastFailure !== null);
    expect(refused.lastFailure).toMatchObject({ code: "snapshot_digest_mismatch", step: 7 });
    const answer = await mesh.get("/", { "x-user-id": "ada" });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.json()).toMatchObject({ code: "no_verified_config" });
    await write(key, original);
    await mesh.until(({ status }) => status === "ok");
    expect(await served()).toBe("on");
  });
});

describe("a store that is away, emptied or restored", () => {
  let release: number;

  beforeEach(async () => {
    release = (await mesh.until(({ status }) => status === "ok")).release ?? -1;
  });

  test("routing goes on without it, a push is refused with a reason, and all is well when it is back", async () => {
    await mesh.stopStore();
    await mesh.until(({ failures }) => (failures["store_unreachable"] ?? 0) > 0);
    expect(await served()).toBe("on");
    expect(await pushedNow()).toEqual([503, "store_unreachable"]);
    await mesh.startStore();
    expect((await mesh.health()).release).toBe(release);
    expect(await served()).toBe("on");
  });

  test("emptied or restored from an old copy: nothing goes backwards, nothing is signed, and restore mends it", async () => {
    const oldCopy = new Map<string, string>();
    for (const key of [keys.head, keys.fresh]) oldCopy.set(key, await read(key));
    expect((await mesh.api("/flags/split/kill", { method: "POST" })).status).toBe(201);
    await mesh.until((health) => health.release === release + 1);
    expect(await served()).toBe("off");

    await mesh.store.command(["FLUSHALL"]);
    await mesh.until(({ lastFailure }) => lastFailure?.code === "head_missing");
    expect(await served()).toBe("off");
    expect(await pushedNow()).toEqual([503, "store_rolled_back"]);

    for (const [key, value] of oldCopy) await write(key, value);
    await mesh.until(({ lastFailure }) => lastFailure?.code === "older_checkpoint");
    expect(await served()).toBe("off");
    expect(await pushedNow()).toEqual([503, "store_rolled_back"]);

    const restored = await mesh.api("/restore", { method: "POST" });
    expect([restored.status, await restored.json()]).toEqual([200, { restored: release + 2 }]);
    const failures = (await mesh.health()).failures["older_checkpoint"];
    expect((await mesh.api("/flags/split/revive", { method: "POST" })).status).toBe(201);
    await mesh.until((health) => health.release === release + 2);
    expect((await mesh.health()).failures["older_checkpoint"]).toBe(failures);
    expect(await served()).toBe("on");
  });

  test("a control plane that starts again goes on with the same log", async () => {
    await mesh.restartControlPlane();
    const pushed = await mesh.push(splitDocument(on, off, 0));
    expect([pushed.status, ((await pushed.json()) as { release: number }).release]).toEqual([201, release + 1]);
    await mesh.until((health) => health.release === release + 1);
    expect(await served()).toBe("off");
  });
});

test("values of one mesh are refused as another's", async () => {
  const other = await startMesh();
  try {
    const before = await mesh.health();
    // A longer log than the one that it is shown instead of.
    for (let release = 0; release <= (before.release ?? 0) + 1; release++) {
      expect((await other.push(splitDocument(on, off, release))).status).toBe(201);
    }
    // With the policy that it names, so that only the pins are in the way.
    const copied = (await other.store.command(["KEYS", "*:pub:*"])) as readonly Uint8Array[];
    const names = copied.map((name) => (typeof name === "string" ? name : new TextDecoder().decode(name)));
    for (const name of names.filter((name) => name === keys.head || name.includes(":policy:"))) {
      const value = await other.store.command(["GET", name]);
      await write(name, typeof value === "string" ? value : new TextDecoder().decode(value as Uint8Array));
    }
    const refused = await mesh.until(({ lastFailure }) => lastFailure?.code === "policy_unpinned");
    expect(refused.release).toBe(before.release);
  } finally {
    await other.close();
  }
});
