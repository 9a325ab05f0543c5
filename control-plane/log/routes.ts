/**
 * The release log over HTTP as C2SP tlog-tiles, so that any tool of that kind can mirror and witness it. Such tools send
 * no token, so none is asked for: what a log holds are digests, approvers' signatures and times.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Hono } from "hono";
import { meshOf } from "../api/mesh-param.ts";
import { problem } from "../api/problem.ts";
import type { Engine } from "../engine/engine.ts";
import { ok } from "../../shared/result.ts";
import { readPolicies } from "./policies.ts";
import type { ReleaseLog } from "./release-log.ts";
import { encodeEntryBundle, leavesOf, parseTilePath, tileOf, type TileAddress } from "./tiles.ts";

/** A tile of one width has one content forever; a wider one has another address. */
const immutable = "public, max-age=31536000, immutable";
const anyOrigin = { "access-control-allow-origin": "*" };

/**
 * `checkpoint`, `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]` of every mesh; beside the standard,
 * `policies/<number>`: the keys that the log is verified with, for who pins the first one's digest.
 */
export function logRoutes({ readLog }: Pick<Engine, "readLog">): Hono {
  const app = new Hono();

  app.get("/checkpoint", async (c) => {
    const note = await readLog(meshOf(c), async (log) => ok(await log.checkpoint()));
    if (!note.ok) return problem(note.error);
    if (note.value === undefined) return problem({ code: "nothing_published", message: "the log is empty" });
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache", ...anyOrigin };
    return new Response(note.value, { headers });
  });

  app.get("/tile/:path{.+}", async (c) => {
    const address = parseTilePath(c.req.param("path"));
    if (address === undefined) return noSuchTile();
    const bytes = await readLog(meshOf(c), async (log) => ok(await read(log, address)));
    if (!bytes.ok) return problem(bytes.error);
    if (bytes.value === undefined) return noSuchTile();
    const headers = { "content-type": "application/octet-stream", "cache-control": immutable, ...anyOrigin };
    // Hashes don't get smaller.
    if (address.level !== "entries") return new Response(bytes.value, { headers });
    const compressed = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
    return new Response(compressed ? await compress(bytes.value) : bytes.value, {
      headers: { ...headers, vary: "accept-encoding", ...(compressed ? { "content-encoding": "gzip" } : {}) },
    });
  });

  app.get("/policies/:number{[1-9][0-9]{0,8}}", async (c) => {
    const mesh = meshOf(c);
    const number = Number(c.req.param("number"));
    const text = await readLog(mesh, async (log) => ok((await readPolicies(log, mesh))[number - 1]));
    if (!text.ok) return problem(text.error);
    if (text.value === undefined) return problem({ code: "not_found", message: `there is no policy ${number}` });
    const headers = { "content-type": "application/json", "cache-control": "no-cache", ...anyOrigin };
    return new Response(text.value, { headers });
  });

  app.all("/*", (c) => problem({ code: "not_found", message: `there is no ${c.req.method} ${c.req.path}` }));
  return app;
}

const compress = promisify(gzip);

const noSuchTile = (): Response => problem({ code: "not_found", message: "the log has no such tile" });

/** `undefined` where the log isn't large enough. */
async function read(
  log: ReleaseLog,
  { level, index, width }: TileAddress,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const tree = await log.tree();
  if (level !== "entries") return tileOf(tree, { level, index, width });
  const { from, to } = leavesOf({ index, width });
  if (to > tree.size) return undefined;
  return encodeEntryBundle((await log.releases(from, to)).map(({ statement }) => statement));
}
