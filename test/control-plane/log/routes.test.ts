import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseEntryBundle } from "../../../control-plane/log/tiles.ts";
import { concat, toBase64, utf8 } from "../../../shared/encoding/bytes.ts";
import { leafHash } from "../../../shared/merkle/hash.ts";
import { parseCheckpoint } from "../../../shared/trust/checkpoint.ts";
import { cosignedTime } from "../../../shared/trust/freshness.ts";
import { isSignedBy, parseSignedNote } from "../../../shared/trust/signed-note.ts";
import { entriesWith } from "../../reference/trust/documents.ts";
import { append, revise, timeOf, type Release } from "../../reference/trust/log.ts";
import { productionLog } from "../../reference/trust/logs.ts";
import { production, staging } from "../../reference/trust/world.ts";
import { tile } from "../../reference/tiles.ts";
import { serveLog } from "./served-log.ts";

const longLog = ((): readonly Release[] => {
  const revision = revise(staging, undefined, entriesWith(10_000, "shop.staging.example.com"), []);
  const log: Release[] = [];
  for (let i = 0; i < 260; i++) {
    log.push(append(staging, log.at(-1), { revision, overlay: { "new-search": { stage: i % 2 === 0 ? 5 : 12.5 } } }));
  }
  return log;
})();
const statements = longLog.map(({ statement }) => statement);
const data = statements.map(utf8);

const long = await serveLog(staging, longLog);

const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

describe("the checkpoint", () => {
  test("is the newest note, for whoever asks, and never cached", async () => {
    const { getPublic } = await serveLog(production, productionLog);
    const response = await getPublic("/log/checkpoint");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-cache",
      "access-control-allow-origin": "*",
    });
    const note = parseSignedNote(await response.text());
    const text = note.ok ? note.value.text : "";
    expect(parseCheckpoint(text)).toMatchObject({ ok: true, value: { origin: production.origin, size: 6 } });
    expect(note.ok && (await isSignedBy(production.log.vkey, note.value))).toBe(true);
  });

  test("carries the newest freshness once, and only that of its own text", async () => {
    const now = timeOf(6);
    const { getPublic, engine, append: add } = await serveLog(production, productionLog.slice(0, 5), () => now);
    const freshAt = async () => {
      const note = parseSignedNote(await (await getPublic("/log/checkpoint")).text());
      if (!note.ok) throw new Error(note.error);
      expect(note.value.signatures).toHaveLength(2);
      return cosignedTime(production.freshness.vkey, note.value.text, note.value.signatures);
    };
    expect(await freshAt()).toBe(timeOf(4));
    await engine.renewFreshness(production.mesh);
    expect(await freshAt()).toBe(now);
    await add(productionLog.slice(5));
    expect(await freshAt()).toBe(timeOf(5));
  });

  test("of a log without releases is not there, nor is an unknown mesh's", async () => {
    const { getPublic, fetch } = await serveLog(staging, []);
    expect(await (await getPublic("/log/checkpoint")).json()).toMatchObject({ status: 404, code: "nothing_published" });
    const other = await fetch("http://control.test/v1/meshes/acme/other/log/checkpoint");
    expect(await other.json()).toMatchObject({ status: 404, code: "mesh_unknown" });
  });
});

describe("tiles", () => {
  test("are the log's hashes, may be cached forever, and grow with the log", async () => {
    const { getPublic, append: add } = await serveLog(staging, longLog.slice(0, 3));
    const three = await getPublic("/log/tile/0/000.p/3");
    expect(Object.fromEntries(three.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "cache-control": "public, max-age=31536000, immutable",
      "access-control-allow-origin": "*",
    });
    expect(await bytesOf(three)).toEqual(concat(...data.slice(0, 3).map(leafHash)));
    expect((await getPublic("/log/tile/0/000.p/4")).status).toBe(404);

    await add(longLog.slice(3));
    expect(await bytesOf(await getPublic("/log/tile/0/000.p/3"))).toEqual(tile(data, 0, 0, 3));
    expect(await bytesOf(await getPublic("/log/tile/0/000"))).toEqual(tile(data, 0, 0));
    expect(await bytesOf(await getPublic("/log/tile/0/001.p/4"))).toEqual(tile(data, 0, 1));
    expect(await bytesOf(await getPublic("/log/tile/1/000.p/1"))).toEqual(tile(data, 1, 0));
  });

  test.each(["0/001.p/5", "0/001", "0/002.p/1", "1/000.p/2", "1/000", "2/000.p/1", "63/x999/999", "entries/001.p/5"])(
    "beyond the log are not there, and that is not cached: %s",
    async (path) => {
      const { getPublic } = long;
      const response = await getPublic(`/log/tile/${path}`);
      expect([response.status, response.headers.get("cache-control")]).toEqual([404, "no-store"]);
    },
  );

  test.each(["0/0", "0/000.p/256", "0/000.p/0", "64/000", "8/0/000", "data/000", "0/000/", "entries/000.p/01", ""])(
    "under another spelling are not there: %s",
    async (path) => {
      const { getPublic } = long;
      expect((await getPublic(`/log/tile/${path}`)).status).toBe(404);
    },
  );
});

describe("entry bundles", () => {
  test("hold the statements, exactly as they were hashed", async () => {
    const { getPublic } = long;
    const first = await getPublic("/log/tile/entries/000");
    expect(first.headers.get("cache-control")).toContain("immutable");
    expect(parseEntryBundle(await bytesOf(first))).toEqual({ ok: true, value: statements.slice(0, 256) });
    const rest = parseEntryBundle(await bytesOf(await getPublic("/log/tile/entries/001.p/4")));
    expect(rest).toEqual({ ok: true, value: statements.slice(256) });
  });

  test("are compressed for who can read that", async () => {
    const { getPublic } = long;
    const plain = await getPublic("/log/tile/entries/000");
    const packed = await getPublic("/log/tile/entries/000", { "accept-encoding": "gzip, deflate" });
    expect([plain.headers.get("content-encoding"), packed.headers.get("content-encoding")]).toEqual([null, "gzip"]);
    expect(packed.headers.get("vary")).toBe("accept-encoding");
    const [bytes, packedBytes] = [await bytesOf(plain), await bytesOf(packed)];
    expect(Uint8Array.from(gunzipSync(packedBytes))).toEqual(bytes);
    expect(packedBytes.length).toBeLessThan(bytes.length / 2);
  });
});

test("only the log is public", async () => {
  const { getPublic, get } = await serveLog(production, productionLog);
  for (const path of ["/checkpoint", "/lock", "/releases", "/releases/0", "/flags", "/health"]) {
    expect([path, (await getPublic(path)).status, (await get(path)).status]).toEqual([path, 401, 200]);
  }
  expect((await getPublic("/log")).status).toBe(404);
  expect((await getPublic("/log/../lock")).status).toBe(401);
  expect((await getPublic("/log/%2e%2e/lock")).status).toBe(401);
});

test("what a log shows is what statements and checkpoints hold: no flag, no value, no host, no salt", async () => {
  const { getPublic } = await serveLog(production, productionLog);
  const shown = [
    await (await getPublic("/log/checkpoint")).text(),
    await (await getPublic("/log/tile/entries/000.p/6")).text(),
  ].join("");
  expect(shown).not.toMatch(/new-checkout|new-search|shop|checkout-v|staff|errors: 5|first release/);
  const slots = productionLog.flatMap(({ revision }) => [...revision.lock.entries.values()]);
  for (const { leaf } of slots) expect(shown).not.toContain(leaf);
  expect(shown).not.toContain(toBase64(leafHash(utf8(`flagmesh test seed ${production.mesh}`))));
});
