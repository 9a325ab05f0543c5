/** Rotation of keys under load: the log key, the freshness key, then the approvers, without a request that fails. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findKeys } from "../../control-plane/deployment/authority.ts";
import { openStateDirectory } from "../../control-plane/deployment/state-directory.ts";
import { newKey } from "../../control-plane/keys/new-key.ts";
import { createSigningKey, type SigningKey } from "../../control-plane/keys/signing-key.ts";
import { encodeLockFile, parseLockFile } from "../../control-plane/locker/lock-file.ts";
import { toHex } from "../../shared/encoding/bytes.ts";
import { approvalText } from "../../shared/trust/approval.ts";
import {
  encodeMeshPolicy,
  parseMeshPolicy,
  policyMessage,
  type MeshPolicy,
  type UnsignedPolicy,
} from "../../shared/trust/mesh-policy.ts";
import { encodeSignatureLine } from "../../shared/trust/signed-note.ts";
import { cosignatureType, ed25519Type, encodeVkey } from "../../shared/trust/vkey.ts";
import { meshId, splitDocument, startBackend, startMesh, type TestBackend, type TestMesh } from "./mesh.ts";

let mesh: TestMesh;
let on: TestBackend;
let off: TestBackend;
const failures: string[] = [];
let stopped = false;
let load: Promise<void>;
const [alice, ben] = ["alice", "ben"].map((name) =>
  createSigningKey(name, ed25519Type, Uint8Array.from(randomBytes(32))),
) as [SigningKey, SigningKey];

beforeAll(async () => {
  [on, off] = [await startBackend("on"), await startBackend("off")];
  mesh = await startMesh({ hub: true });
  await mesh.push(splitDocument(on, off, 100));
  await mesh.until(({ release }) => release === 0);
  load = askAllTheTime();
});

afterAll(async () => {
  stopped = true;
  await load;
  await mesh.close();
  await Promise.all([on.close(), off.close()]);
});

const isOver = (): boolean => stopped;

async function askAllTheTime(): Promise<void> {
  while (!isOver()) {
    const answer = await mesh.get("/", { "x-user-id": "ada" });
    const text = await answer.text();
    if (answer.status !== 200) failures.push(`${answer.status} ${text}`);
  }
}

async function policyInForce(): Promise<MeshPolicy> {
  const policy = parseMeshPolicy(await (await mesh.api("/policy")).text());
  if (!policy.ok) throw new Error(policy.error);
  return policy.value;
}

/** @param signers of the draft */
async function rotate(
  change: Partial<UnsignedPolicy>,
  signers: readonly SigningKey[],
  lock: string | null = null,
): Promise<Response> {
  const { unsigned, number, digest } = await policyInForce();
  const draft = { ...unsigned, ...change, number: number + 1, previous: digest };
  const lines = signers.map((key) => encodeSignatureLine(key.signNote(policyMessage(draft))));
  return mesh.api("/policy", {
    method: "POST",
    body: JSON.stringify({ policy: encodeMeshPolicy(draft, lines), lock }),
  });
}

/** Kept where the control plane looks for them. */
function keep(name: string, type: typeof ed25519Type | typeof cosignatureType): string {
  const directory = openStateDirectory(mesh.directory);
  const { key, text } = newKey(name, type);
  directory.write(directory.files.laterKey(meshId, toHex(key.vkey.keyId)), text);
  return encodeVkey(key.vkey);
}

const logKey = async (): Promise<SigningKey> => {
  const keys = findKeys(openStateDirectory(mesh.directory), meshId, await policyInForce());
  if (keys === undefined) throw new Error("no keys");
  return keys.log;
};

test("log key, freshness key and approvers are rotated without a failed request, and each step is refused unsigned", async () => {
  const origin = "local/acme/production";
  const rotatedKeys = { log: keep(origin, ed25519Type), freshness: keep(`${origin}/freshness`, cosignatureType) };
  expect((await rotate(rotatedKeys, [])).status).toBe(403);
  expect((await rotate({ log: encodeVkey(alice.vkey) }, [await logKey()])).status).toBe(422);
  expect((await rotate(rotatedKeys, [await logKey()])).status).toBe(201);
  await mesh.until(({ release }) => release === 1);
  expect((await policyInForce()).number).toBe(2);

  const approvers = { threshold: 1, keys: [encodeVkey(alice.vkey), encodeVkey(ben.vkey)] };
  // Nobody has approved what is in force: a router that starts later would refuse it under the new policy.
  const unapproved = await rotate({ approvers }, [await logKey(), alice]);
  expect(await unapproved.json()).toMatchObject({ status: 403, code: "approvals_insufficient" });
  const lock = parseLockFile(await (await mesh.api("/lock")).text());
  if (!lock.ok) throw new Error(lock.error.message);
  const notAfter = Math.floor(Date.now() / 1_000) + 3_600;
  const signature = encodeSignatureLine(alice.signNote(approvalText(lock.value, notAfter)));
  const approved = encodeLockFile({ ...lock.value, approvals: { notAfter, signatures: [signature] } });
  expect((await rotate({ approvers }, [await logKey(), alice], approved)).status).toBe(201);
  await mesh.until(({ release }) => release === 2);

  // From now on the log key alone names no policy, and a bare push is refused.
  expect((await rotate({ approvers: { threshold: 0, keys: [] } }, [await logKey()])).status).toBe(403);
  expect(await (await mesh.push(splitDocument(on, off, 0))).json()).toMatchObject({ code: "lock_required" });
  expect((await mesh.api("/flags/split/kill", { method: "POST" })).status).toBe(201);
  await mesh.until(({ release }) => release === 3);

  // A control plane and a router that start again find their way along all three policies.
  await mesh.restartControlPlane();
  expect((await mesh.api("/flags/split/revive", { method: "POST" })).status).toBe(201);
  await mesh.until(({ release }) => release === 4);
  expect(failures).toEqual([]);
  stopped = true;
  await load;
  await mesh.restartRouter();
  const cold = await mesh.until(({ status }) => status === "ok");
  expect([cold.release, cold.failures]).toEqual([4, {}]);
});
