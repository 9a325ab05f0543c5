/** Three ways to be sure of a snapshot before an entry of it is evaluated, timed in workerd: `GET /?rounds=9`. */
import deploymentJson from "#deployment";
import { base64Bytes, utf8 } from "../../../shared/encoding/bytes.ts";
import { digestOfLarge } from "../../../shared/encoding/digest.ts";
import { emptyFrontier, extendFrontier, frontierRoot, type Frontier } from "../../../shared/merkle/frontier.ts";
import { parseHead } from "../../../shared/store/head.ts";
import { leafOfSlot, parseSnapshot } from "../../../shared/store/snapshot.ts";
import { parseDeploymentPolicy } from "../../../shared/trust/deployment-policy.ts";
import { parseStatement } from "../../../shared/trust/statement.ts";
import type { Env } from "../../../edge/env.ts";
import { connect, storeOf } from "../../../edge/source/store.ts";
import type { Verified } from "../verified.ts";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const text = await readSnapshot(env);
    const rounds = Number(new URL(request.url).searchParams.get("rounds") ?? 1);
    const measured: Verified[] = [];
    for (let round = 0; round < rounds; round++) measured.push(await measure(text));
    return Response.json(measured);
  },
};

async function readSnapshot(env: Env): Promise<string> {
  const deployment = parseDeploymentPolicy(deploymentJson);
  const redis = connect(env);
  const pins = deployment.ok ? deployment.value.meshes[0] : undefined;
  if (redis === undefined || pins === undefined) throw new Error("not set up");
  const store = storeOf(redis, pins.mesh);
  const head = parseHead((await store.candidate()).head ?? "");
  const statement = head.ok ? parseStatement(head.value.statement) : head;
  if (!statement.ok || !("snapshotDigest" in statement.value)) throw new Error("no head");
  return (await store.snapshot(statement.value.snapshotDigest)) ?? "";
}

async function measure(text: string): Promise<Verified> {
  const start = performance.now();
  const snapshot = parseSnapshot(text);
  if (!snapshot.ok) throw new Error(snapshot.error);
  const { slots } = snapshot.value;
  const parsed = performance.now();

  let tree: Frontier = emptyFrontier;
  for (const [index, slot] of slots.entries()) {
    const leaf = leafOfSlot(slot, index);
    if (!leaf.ok) throw new Error(leaf.error.code);
    tree = extendFrontier(tree, leaf.value);
  }
  const treeRoot = frontierRoot(tree);
  const treeDone = performance.now();

  let list: Frontier = emptyFrontier;
  for (const { leaf } of slots) list = extendFrontier(list, base64Bytes(leaf));
  const listRoot = frontierRoot(list);
  const listDone = performance.now();
  const used = slots.slice(0, 100);
  for (const [index, slot] of used.entries()) leafOfSlot(slot, index);
  const usedDone = performance.now();

  await digestOfLarge(utf8(text));
  const digestDone = performance.now();
  if (treeRoot.join() !== listRoot.join()) throw new Error("the two roots differ");
  return {
    entries: slots.length,
    parseMs: parsed - start,
    treeMs: treeDone - parsed,
    listMs: listDone - treeDone,
    firstUseMs: (usedDone - listDone) / used.length,
    digestMs: digestDone - usedDone,
  };
}
