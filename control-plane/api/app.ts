/** The control plane's HTTP API. */
import * as v from "valibot";
import { Hono, type Context } from "hono";
import type { Result } from "../../shared/result.ts";
import { parseHead } from "../../shared/store/head.ts";
import type { Engine, Released } from "../engine/engine.ts";
import { describeFlag, describeFlags } from "../engine/flag-states.ts";
import type { OverlayChange } from "../../shared/trust/overlay.ts";
import { proofRoutes } from "../log/proof-routes.ts";
import { logRoutes } from "../log/routes.ts";
import { bearer, type WithActor } from "./bearer.ts";
import { readBytes, readJson } from "./body.ts";
import { intentOf } from "./intent.ts";
import { meshOf, meshPath } from "./mesh-param.ts";
import { problem, type ApiFault } from "./problem.ts";
import { parsePushBody, pushBytesMax } from "./push-body.ts";
import { createReadiness } from "./readiness.ts";

export interface ApiDeps {
  readonly engine: Engine;
  /** Bearer tokens by actor name. */
  readonly tokens: Readonly<Record<string, string>>;
  /** One line of JSON. */
  readonly log: (line: string) => void;
}

const rotationSchema = v.strictObject({ policy: v.string(), lock: v.nullable(v.string()) });
const stageSchema = v.strictObject({ percent: v.pipe(v.number(), v.finite()) });
const stageBytesMax = 1_024;
const rollbackSchema = v.strictObject({ release: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) });
const rollbackBytesMax = 1_024;
const releasesPerPage = 100;

export function createApi({ engine, tokens, log }: ApiDeps): Hono<WithActor> {
  const app = new Hono<WithActor>();
  const readiness = createReadiness(engine);

  app.onError((error, c) => {
    log(
      JSON.stringify({
        level: "error",
        event: "request_failed",
        method: c.req.method,
        path: c.req.path,
        message: String(error),
      }),
    );
    return problem({ code: "internal", message: "the control plane failed; its log says why" });
  });
  app.notFound((c) => problem({ code: "not_found", message: `there is no ${c.req.method} ${c.req.path}` }));

  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async () => {
    const ready = await readiness();
    return Response.json({ status: ready ? "ok" : "not_ready" }, { status: ready ? 200 : 503 });
  });

  // Above the tokens: whoever may reach the control plane may read its logs.
  app.route(`${meshPath}/log`, logRoutes(engine));
  app.use("/v1/*", bearer(tokens), async function noStore(c, next) {
    await next();
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  });
  app.route(meshPath, proofRoutes(engine));
  app.get("/v1/meshes", (c) => c.json({ meshes: engine.meshes }));

  app.post(`${meshPath}/releases`, async (c) => {
    const intent = intentOf(c);
    if (!intent.ok) return problem(intent.error);
    const bytes = await readBytes(c, pushBytesMax);
    if (!bytes.ok) return problem(bytes.error);
    const push = parsePushBody(bytes.value, c.req.header("content-type") ?? "");
    if (!push.ok) return problem(push.error);
    return respond(await engine.push(meshOf(c), push.value, intent.value), (released) => releasedAnswer(released));
  });
  app.get(`${meshPath}/releases`, async (c) => {
    const state = await engine.state(meshOf(c));
    if (!state.ok) return problem(state.error);
    const size = state.value.newest.size;
    const before = pageEnd(c.req.query("before"), size);
    if (before === undefined) return problem({ code: "bad_request", message: "before: the number of a release" });
    const from = Math.max(0, before - releasesPerPage);
    return respond(await engine.releases(meshOf(c), from, before), (releases) =>
      Response.json({ releases: releases.toReversed(), ...(from > 0 ? { next: `?before=${from}` } : {}) }),
    );
  });
  app.get(`${meshPath}/releases/:number{[0-9]+}`, async (c) => {
    const number = Number(c.req.param("number"));
    const found = await engine.releases(meshOf(c), number, number + 1);
    if (!found.ok) return problem(found.error);
    const [release] = found.value;
    return release === undefined
      ? problem({ code: "release_unknown", message: `there is no release ${number}` })
      : Response.json(release, { headers: { etag: etagOf(release.release) } });
  });

  app.get(`${meshPath}/flags`, async (c) =>
    respond(await engine.state(meshOf(c)), (state) =>
      Response.json({
        release: state.statement.release,
        revision: state.statement.revision,
        flags: describeFlags(state),
      }),
    ),
  );
  app.get(`${meshPath}/flags/:flag`, async (c) => {
    const state = await engine.state(meshOf(c));
    if (!state.ok) return problem(state.error);
    const flag = describeFlag(state.value, c.req.param("flag"));
    return flag === undefined
      ? problem({ code: "flag_unknown", message: `there is no flag ${c.req.param("flag")}` })
      : Response.json(flag);
  });
  const operate = async (c: Context<WithActor>, change: OverlayChange | undefined): Promise<Response> => {
    const intent = intentOf(c);
    if (!intent.ok) return problem(intent.error);
    const flag = c.req.param("flag") ?? "";
    return respond(await engine.operate(meshOf(c), flag, change, intent.value), (released) => releasedAnswer(released));
  };
  app.post(`${meshPath}/flags/:flag/kill`, (c) => operate(c, { kill: true }));
  app.post(`${meshPath}/flags/:flag/revive`, (c) => operate(c, undefined));
  app.post(`${meshPath}/flags/:flag/stage`, async (c) => {
    const wanted = '{"percent": <number>}';
    const body = await readJson(c, stageBytesMax, wanted);
    if (!body.ok) return problem(body.error);
    const stage = v.safeParse(stageSchema, body.value);
    return stage.success
      ? operate(c, { stage: stage.output.percent })
      : problem({ code: "bad_request", message: `send ${wanted}` });
  });

  app.post(`${meshPath}/rollback`, async (c) => {
    const intent = intentOf(c);
    if (!intent.ok) return problem(intent.error);
    const wanted = '{"release": <number>}';
    const body = await readJson(c, rollbackBytesMax, wanted);
    if (!body.ok) return problem(body.error);
    const rollback = v.safeParse(rollbackSchema, body.value);
    if (!rollback.success) return problem({ code: "bad_request", message: `send ${wanted}` });
    const rolledBack = await engine.rollback(meshOf(c), rollback.output.release, intent.value);
    return respond(rolledBack, (released) => releasedAnswer(released));
  });

  app.get(`${meshPath}/policy`, async (c) =>
    respond(
      await engine.policy(meshOf(c)),
      (text) => new Response(text, { headers: { "content-type": "application/json" } }),
    ),
  );
  app.post(`${meshPath}/policy`, async (c) => {
    const intent = intentOf(c);
    if (!intent.ok) return problem(intent.error);
    const wanted = '{"policy": text, "lock": text or null}';
    const body = await readJson(c, pushBytesMax, wanted);
    if (!body.ok) return problem(body.error);
    const rotation = v.safeParse(rotationSchema, body.value);
    if (!rotation.success) return problem({ code: "bad_request", message: `send ${wanted}` });
    const { policy, lock } = rotation.output;
    const rotated = await engine.rotate(meshOf(c), { policy, lock: lock ?? undefined }, intent.value);
    return respond(rotated, (released) => releasedAnswer(released));
  });
  app.get(`${meshPath}/lock`, async (c) =>
    respond(
      await engine.state(meshOf(c)),
      ({ lockText }) => new Response(lockText, { headers: { "content-type": "application/yaml" } }),
    ),
  );
  app.get(`${meshPath}/checkpoint`, async (c) =>
    respond(await engine.state(meshOf(c)), ({ newest }) => {
      const head = parseHead(newest.head);
      if (!head.ok) throw new Error("the newest head can't be read");
      return new Response(head.value.checkpoint, { headers: { "content-type": "text/plain; charset=utf-8" } });
    }),
  );
  app.get(`${meshPath}/health`, async (c) => {
    const state = await engine.state(meshOf(c));
    if (!state.ok) return problem(state.error);
    const agreed = await engine.reconcile(meshOf(c));
    const { release, revision, time } = state.value.statement;
    const body = {
      status: agreed.ok ? "ok" : agreed.error.code,
      release,
      revision,
      time,
      ...(agreed.ok ? {} : { code: agreed.error.code, detail: agreed.error.message }),
    };
    return Response.json(body, { status: agreed.ok ? 200 : 503 });
  });
  app.post(`${meshPath}/restore`, async (c) =>
    respond(await engine.restore(meshOf(c)), (releases) => Response.json({ restored: releases })),
  );
  return app;
}

const respond = <T>(result: Result<T, ApiFault>, answer: (value: T) => Response): Response =>
  result.ok ? answer(result.value) : problem(result.error);

const etagOf = (release: number): string => `"${release}"`;

function releasedAnswer({ release, created, lock, rebucketed }: Released): Response {
  return Response.json(
    { created, ...release, rebucketed, lock },
    { status: created ? 201 : 200, headers: { etag: etagOf(release.release) } },
  );
}

function pageEnd(text: string | undefined, size: number): number | undefined {
  if (text === undefined) return size;
  return /^[0-9]{1,15}$/.test(text) ? Math.min(size, Number(text)) : undefined;
}
