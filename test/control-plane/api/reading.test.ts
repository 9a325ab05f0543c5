/** What is read of a log that has more than a page: pages, tags, and a checkpoint that the policy's key signed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { originOf } from "../../../shared/document/mesh-id.ts";
import { toBase64 } from "../../../shared/encoding/bytes.ts";
import { parseCheckpoint } from "../../../shared/trust/checkpoint.ts";
import { cosignedTime } from "../../../shared/trust/freshness.ts";
import { parseMeshPolicy } from "../../../shared/trust/mesh-policy.ts";
import { isSignedBy, parseSignedNote } from "../../../shared/trust/signed-note.ts";
import { deployment } from "../engine/test-authority.ts";
import { documentText } from "../engine/test-document.ts";
import { mesh, startApi, type LiveApi } from "./live-api.ts";

let api: LiveApi;
const releases = 103;
beforeAll(async () => {
  api = await startApi();
  await api.push(documentText());
  for (let i = 1; i < releases; i++) await api.call("POST", `/flags/f0/${i % 2 === 1 ? "kill" : "revive"}`);
});
afterAll(() => api.close());

const numbersAt = async (query: string): Promise<readonly [readonly number[], unknown]> => {
  const { body } = await api.call("GET", `/releases${query}`);
  return [(body["releases"] as { release: number }[]).map(({ release }) => release), body["next"]];
};

const downFrom = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from - i);

test("pages lead from the newest release to the first, each release once", async () => {
  expect(await numbersAt("")).toEqual([downFrom(102, 100), "?before=3"]);
  expect(await numbersAt("?before=3")).toEqual([[2, 1, 0], undefined]);
  expect(await numbersAt("?before=0")).toEqual([[], undefined]);
  expect(await numbersAt("?before=999999999999999")).toEqual([downFrom(102, 100), "?before=3"]);
});

test.each(["?before=", "?before=-1", "?before=1.5", "?before=x", "?before=1e3", "?before=9999999999999999"])(
  "%s is no page",
  async (query) => {
    const answer = await api.call("GET", `/releases${query}`);
    expect([answer.status, answer.body["code"]]).toEqual([400, "bad_request"]);
  },
);

test("a release's tag is what If-Match takes, and the winner is named to who comes with an older one", async () => {
  const read = await api.call("GET", "/releases/102");
  expect([read.status, read.headers.get("etag"), read.body["release"]]).toEqual([200, '"102"', 102]);
  const refused = await api.call("POST", "/flags/f1/kill", { headers: { "if-match": '"101"' } });
  expect([refused.status, refused.body["code"]]).toEqual([412, "precondition_failed"]);
  expect(refused.body["winner"]).toMatchObject({ release: 102 });
  expect((await api.call("GET", "/releases/103")).status).toBe(404);
});

test("the checkpoint is signed by the log key and the freshness key of the policy in force", async () => {
  const policy = parseMeshPolicy((await api.call("GET", "/policy")).text);
  const newest = await api.call("GET", "/releases/102");
  for (const path of ["/checkpoint", "/log/checkpoint"]) {
    const note = parseSignedNote((await api.call("GET", path)).text);
    if (!policy.ok || !note.ok) throw new Error("can't be read");
    const checkpoint = parseCheckpoint(note.value.text);
    if (!checkpoint.ok) throw new Error(checkpoint.error);
    const { origin, size, root } = checkpoint.value;
    expect([origin, size, toBase64(root)]).toEqual([originOf(deployment, mesh), releases, newest.body["logRoot"]]);
    expect(await isSignedBy(policy.value.log, note.value)).toBe(true);
    expect(await cosignedTime(policy.value.freshness, note.value.text, note.value.signatures)).toBeGreaterThan(0);
  }
});

test("what is behind the tokens is not cached by anybody, but what a digest names", async () => {
  for (const path of ["/flags", "/flags/f0", "/lock", "/policy", "/checkpoint", "/releases", "/health"]) {
    expect((await api.call("GET", path)).headers.get("cache-control")).toBe("no-store");
  }
  const snapshot = await api.call("GET", "/releases/0/snapshot");
  expect(snapshot.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
});
