/** A control plane that was taken over: it has every key, and the anchor, of the real one, and checks nothing. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadAuthorities } from "../../control-plane/deployment/authority.ts";
import { openStateDirectory } from "../../control-plane/deployment/state-directory.ts";
import { makeRelease, type Content } from "../../control-plane/engine/make-release.ts";
import { loadState } from "../../control-plane/engine/mesh-state.ts";
import { createPublisher } from "../../control-plane/publisher/publisher.ts";
import { openSqliteAnchor } from "../../control-plane/publisher/sqlite-anchor.ts";
import { connectStore } from "../../control-plane/publisher/store-client.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { meshId, type TestMesh } from "./mesh.ts";

let copies = 0;

/** Publishes the content in the mesh's own log, signed by its own keys. Answers how to put the store back as it was. */
export async function publishUnchecked(mesh: TestMesh, content: Content): Promise<() => Promise<void>> {
  const { files, read } = openStateDirectory(mesh.directory, false);
  const authorities = loadAuthorities(openStateDirectory(mesh.directory, false));
  const authority = authorities.ok ? authorities.value.get(meshId) : undefined;
  if (authority === undefined) throw new Error("the test's mesh has no keys");
  const putBack = await rememberLog(mesh);

  const copy = join(mesh.directory, `taken-over-${copies++}.sqlite`);
  const database = new DatabaseSync(files.anchor);
  database.exec(`VACUUM INTO '${copy}'`);
  database.close();
  const anchor = openSqliteAnchor(copy);
  const { controlPlane: token } = JSON.parse(read(files.storeTokens) ?? "") as { controlPlane: string };
  const redis = connectStore({ url: mesh.router.env["UPSTASH_REDIS_REST_URL"] ?? "", token });
  const newest = await anchor.newest(meshId);
  if (newest === undefined) throw new Error("nothing is published yet");
  const state = await loadState(anchor, meshId, newest, authority.policy);
  const publisher = createPublisher(redis, anchor, () => [authority.policy]);
  const now = Math.floor(Date.now() / 1_000);
  const made = await makeRelease(publisher, authority, state, content, {}, { actor: "mallory", message: "" }, now);
  await anchor.close();
  if (!made.ok) throw new Error(made.error.message);
  return putBack;
}

async function rememberLog({ store }: TestMesh): Promise<() => Promise<void>> {
  const { head, leaves, statements } = publicKeys(meshId);
  const headNow = (await store.command(["GET", head])) as string;
  const lists = await Promise.all(
    [leaves, statements].map(
      async (key) => [key, (await store.command(["LRANGE", key, "0", "-1"])) as string[]] as const,
    ),
  );
  return async () => {
    await store.command(["SET", head, headNow]);
    for (const [key, items] of lists) {
      await store.command(["DEL", key]);
      await store.command(["RPUSH", key, ...items]);
    }
  };
}
