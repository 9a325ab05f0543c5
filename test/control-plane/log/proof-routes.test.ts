import { describe, expect, test } from "vitest";
import { verifyEntry } from "../../../shared/audit/verify-entry.ts";
import { base64Bytes } from "../../../shared/encoding/bytes.ts";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { verifyConsistency } from "../../../shared/merkle/proof.ts";
import { parseMeshPolicy } from "../../../shared/trust/mesh-policy.ts";
import { changed, entriesWith } from "../../reference/trust/documents.ts";
import { append, revise } from "../../reference/trust/log.ts";
import { productionLog } from "../../reference/trust/logs.ts";
import { production, staging } from "../../reference/trust/world.ts";
import { serveLog } from "./served-log.ts";

const served = await serveLog(production, productionLog);
const { get, getPublic } = served;
const policy = parseMeshPolicy(production.policyText);
const trust = { policies: policy.ok ? [policy.value] : [] };

describe("GET /proofs/entry", () => {
  test("proves an entry of the newest release, or of the one asked for", async () => {
    for (const [query, release, share] of [
      ["", 5, 50_000],
      ["?release=5", 5, 50_000],
      ["?release=4", 4, 25_000],
      ["?release=0", 0, 10_000],
    ] as const) {
      const response = await get(`/proofs/entry/flag:new-checkout${query}`);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "content-type": "application/json",
        "cache-control": "no-store",
      });
      expect(await verifyEntry(await response.text(), trust)).toMatchObject({
        ok: true,
        value: { statement: { release }, value: { rollout: [["on", share]] }, log: { checkpoint: { size: 6 } } },
      });
    }
  });

  test("finds entries whose names need escaping", async () => {
    const name = "a/b c%d?é=ß#";
    const flag = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" } as const;
    const entries = changed(entriesWith(10_000, "shop.staging.example.com"), { [`flag:${name}`]: flag });
    const log = [append(staging, undefined, { revision: revise(staging, undefined, entries, []) })];
    const { get } = await serveLog(staging, log);
    const response = await get(`/proofs/entry/${encodeURIComponent(`flag:${name}`)}`);
    expect(await response.json()).toMatchObject({ entry: { key: `flag:${name}`, value: flag } });
  });

  test.each([
    ["flag:none", 404, "entry_unknown"],
    ["new-checkout", 404, "entry_unknown"],
    ["route:rest?release=5", 404, "entry_unknown"],
    ["route:rest?release=4", 200, undefined],
    ["flag:new-checkout?release=6", 404, "release_unknown"],
    ["flag:new-checkout?release=999999999999999", 404, "release_unknown"],
    ["flag:new-checkout?release=-1", 400, "bad_request"],
    ["flag:new-checkout?release=01", 400, "bad_request"],
    ["flag:new-checkout?release=", 400, "bad_request"],
  ] as const)("%s: %i %s", async (path, status, code) => {
    const response = await get(`/proofs/entry/${path}`);
    const { code: found } = (await response.json()) as { code?: string };
    expect([response.status, found]).toEqual([status, code]);
  });

  test("asks for a token, and for a release", async () => {
    expect((await getPublic("/proofs/entry/flag:new-checkout")).status).toBe(401);
    const empty = await serveLog(production, []);
    const response = await empty.get("/proofs/entry/flag:new-checkout");
    expect(await response.json()).toMatchObject({ status: 404, code: "nothing_published" });
  });
});

describe("GET /proofs/consistency", () => {
  test("proves every older log in every later one", async () => {
    for (let from = 1; from <= 6; from++) {
      for (let to = from; to <= 6; to++) {
        const answer = (await (await get(`/proofs/consistency?from=${from}&to=${to}`)).json()) as {
          from: { size: number; root: string };
          to: { size: number; root: string };
          proof: string[];
        };
        expect([answer.from, answer.to]).toEqual(
          [from, to].map((size) => ({ size, root: productionLog[size - 1]?.root })),
        );
        const claim = {
          oldSize: from,
          oldRoot: base64Bytes(answer.from.root),
          newSize: to,
          newRoot: base64Bytes(answer.to.root),
          proof: answer.proof.map(base64Bytes),
        };
        expect(verifyConsistency(claim)).toEqual({ ok: true, value: true });
      }
    }
  });

  test("goes up to the newest where nothing else is asked for", async () => {
    expect(await (await get("/proofs/consistency?from=2")).json()).toMatchObject({ to: { size: 6 } });
  });

  test.each([
    "",
    "?to=3",
    "?from=0",
    "?from=0&to=3",
    "?from=4&to=3",
    "?from=1&to=7",
    "?from=x",
    "?from=1&to=",
    "?from=1.5",
  ])("%s is no question", async (query) => {
    expect(await (await get(`/proofs/consistency${query}`)).json()).toMatchObject({ status: 400, code: "bad_request" });
  });
});

describe("GET /releases/{n}/snapshot", () => {
  test("gives the exact text that the release's statement has the digest of", async () => {
    for (const { content } of productionLog) {
      const response = await get(`/releases/${content.release}/snapshot`);
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(digestOf(await response.text())).toBe(content.snapshotDigest);
    }
  });

  test("is not there without release, nor without token", async () => {
    expect(await (await get("/releases/6/snapshot")).json()).toMatchObject({ status: 404, code: "release_unknown" });
    expect((await getPublic("/releases/0/snapshot")).status).toBe(401);
  });
});

describe("GET /log/policies/{n}", () => {
  test("gives the policy's exact text to everybody", async () => {
    const response = await getPublic("/log/policies/1");
    expect(await response.text()).toBe(production.policyText);
    expect(response.headers.get("cache-control")).toBe("no-cache");
  });

  test.each(["0", "2", "01", "x", "-1", ""])("has none under %s", async (number) => {
    expect((await getPublic(`/log/policies/${number}`)).status).toBe(404);
  });
});
