/**
 * What every feature container of the shop has in common. One feature, one process, one database:
 *
 * - `PORT` and `DATABASE` (the path of its SQLite file) come from the environment;
 * - every answer names the container in `x-shop-backend`, so that a reader sees where the router sent a request;
 * - `GET /healthz` is what the control plane asks before it lets traffic through;
 * - what a client did wrong is a problem detail (RFC 9457) with a stable `code`.
 */
import { mkdirSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serve } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as v from "valibot";

const bodyBytesMax = 16 * 1024;
const customerCharsMax = 128;

const Environment = v.object({
  PORT: v.pipe(v.string(), v.digits(), v.transform(Number), v.maxValue(65_535)),
  DATABASE: v.pipe(v.string(), v.minLength(1)),
});

/** A container's application, before its feature's own routes. `schema` creates what isn't in the database yet. */
export function createContainer(name: string, schema: string): { app: Hono; database: DatabaseSync } {
  const { DATABASE } = v.parse(Environment, process.env);
  mkdirSync(dirname(DATABASE), { recursive: true });
  const database = new DatabaseSync(DATABASE);
  database.exec(`PRAGMA journal_mode = WAL; ${schema}`);
  const answers = database.prepare("SELECT 1");

  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header("x-shop-backend", name);
    // One URL has as many pages as its flag has variants: nothing on the way may keep one.
    c.header("cache-control", "private, no-store");
    c.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'");
  });
  app.use(
    // The router replaces x-forwarded-host, so behind it this is the host that the browser asked for.
    csrf({ origin: (origin, c) => hostOf(origin) === (c.req.header("x-forwarded-host") ?? c.req.header("host")) }),
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => problem(413, "body_too_large", `At most ${bodyBytesMax} bytes are read.`).getResponse(),
    }),
  );
  app.get("/healthz", (c) => {
    answers.get();
    return c.json({ status: "ok", backend: name });
  });
  app.notFound((c) => problem(404, "not_found", `${name} has nothing at ${c.req.path}.`).getResponse());
  app.onError((error) => {
    if (error instanceof HTTPException && error.res !== undefined) {
      return error.res.headers.get("content-type") === problemType
        ? error.res
        : problem(error.status, "refused", "The request was refused.").getResponse();
    }
    console.error(error);
    return problem(500, "internal", "The container failed; its log says why.").getResponse();
  });
  return { app, database };
}

/** Listens on loopback until SIGINT or SIGTERM; then lets open requests finish. */
export function serveContainer({ app, database }: { app: Hono; database: DatabaseSync }): void {
  const { PORT } = v.parse(Environment, process.env);
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: PORT }, (address) => {
    console.log(`listening on http://127.0.0.1:${address.port}`);
  });
  const stop = (): void => {
    server.close(() => database.close());
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

const problemType = "application/problem+json";

/** To be thrown: the answer to a request that the client has to change. `code` is for programs, `detail` for people. */
export const problem = (status: ContentfulStatusCode, code: string, detail: string): HTTPException =>
  new HTTPException(status, {
    res: Response.json(
      { title: STATUS_CODES[status], status, code, detail },
      { status, headers: { "content-type": problemType } },
    ),
  });

/** The request's fields, from JSON or from a form. Throws a problem, 400 or 422, where they aren't what `schema` says. */
export async function readFields<const S extends v.GenericSchema>(c: Context, schema: S): Promise<v.InferOutput<S>> {
  const fields = isJson(c) ? await c.req.json<unknown>().catch(() => undefined) : await c.req.parseBody();
  if (fields === undefined) throw problem(400, "invalid_json", "The body is not JSON.");
  return checkFields(fields, schema);
}

/** Throws a problem, 422, where `fields` aren't what `schema` says. */
export function checkFields<const S extends v.GenericSchema>(fields: unknown, schema: S): v.InferOutput<S> {
  const result = v.safeParse(schema, fields);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "body"}: ${issue.message}`);
  throw problem(422, "invalid_fields", faults.join("; "));
}

export const isJson = (c: Context): boolean => c.req.header("content-type")?.startsWith("application/json") ?? false;

/**
 * Who asks: the same identity that the router buckets by, so that what the page says and what the flag decided agree.
 * A real shop would know it from its login.
 */
export function customerOf(c: Context): string {
  const id = c.req.header("x-user-id") ?? getCookie(c, "flagmesh_id");
  return id !== undefined && id.length <= customerCharsMax ? id : "a new visitor";
}

const hostOf = (origin: string): string | undefined => URL.parse(origin)?.host;
