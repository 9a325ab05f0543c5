/** Proofs and snapshots over HTTP: what an auditor needs beside the log itself. With a token, for entries are not public. */
import { Hono } from "hono";
import { encodeEntryProof } from "../../shared/audit/entry-proof.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { publicKeys } from "../../shared/store/keys.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import { meshOf } from "../api/mesh-param.ts";
import { problem, type ApiFault } from "../api/problem.ts";
import type { Engine } from "../engine/engine.ts";
import { proveConsistency, proveEntry, type ProofFault } from "./proofs.ts";
import type { ReleaseLog } from "./release-log.ts";

/** What a digest names never changes; who may see it may. */
const immutable = "private, max-age=31536000, immutable";

export function proofRoutes(engine: Pick<Engine, "readLog">): Hono {
  const app = new Hono();
  /** The engine's faults and the proofs' own, as one. */
  const read = async <T>(
    mesh: ReturnType<typeof meshOf>,
    work: (log: ReleaseLog) => Promise<Result<T, ProofFault>>,
  ): Promise<Result<T, ApiFault>> => {
    const outcome = await engine.readLog(mesh, async (log) => ok(await work(log)));
    return outcome.ok ? outcome.value : outcome;
  };

  app.get("/proofs/entry/:key", async (c) => {
    const release = wholeNumber(c.req.query("release"));
    if (release === null) return problem({ code: "bad_request", message: "release: the number of a release" });
    const mesh = meshOf(c);
    const proof = await read(mesh, (log) => proveEntry(log, mesh, c.req.param("key"), release));
    if (!proof.ok) return problem(proof.error);
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    return new Response(encodeEntryProof(proof.value), { headers });
  });

  app.get("/proofs/consistency", async (c) => {
    const [from, to] = [wholeNumber(c.req.query("from")), wholeNumber(c.req.query("to"))];
    if (from === null || from === undefined || to === null) {
      return problem({ code: "bad_request", message: "from and to: sizes of the log" });
    }
    const proof = await read(meshOf(c), (log) => proveConsistency(log, from, to));
    return proof.ok ? Response.json(proof.value) : problem(proof.error);
  });

  app.get("/releases/:number{[0-9]{1,15}}/snapshot", async (c) => {
    const mesh = meshOf(c);
    const number = Number(c.req.param("number"));
    const text = await read(mesh, async (log) => {
      const [release] = await log.releases(number, number + 1);
      const statement = release === undefined ? undefined : parseStatement(release.statement);
      const snapshot = statement?.ok
        ? await log.blob(publicKeys(mesh).snapshot(statement.value.snapshotDigest))
        : undefined;
      return snapshot === undefined
        ? err({ code: "release_unknown" as const, message: `there is no release ${number}` })
        : ok(snapshot);
    });
    if (!text.ok) return problem(text.error);
    return new Response(text.value, { headers: { "content-type": "application/json", "cache-control": immutable } });
  });

  return app;
}

/** `undefined` where it is absent, `null` where it is none. */
function wholeNumber(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  return /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : null;
}
