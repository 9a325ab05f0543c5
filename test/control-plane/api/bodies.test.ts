/** Bodies that no release is made of: each is refused with a code, and nothing of the control plane's insides is told. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../../shared/limits.ts";
import { documentText } from "../engine/test-document.ts";
import { startApi, type Answer, type LiveApi } from "./live-api.ts";

let api: LiveApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const json = "application/json";
const post = (body: RequestInit["body"], headers: Record<string, string> = {}): Promise<Answer> =>
  api.call("POST", "/releases", { body: body ?? null, headers });
const document = JSON.stringify(documentText());

const bodies: readonly [string, RequestInit["body"], Record<string, string>, number, string][] = [
  ["an empty body", "", { "content-type": json }, 400, "bad_request"],
  ["no body", null, {}, 400, "bad_request"],
  ["binary", Uint8Array.from([0xff, 0xfe, 0, 1, 2]), {}, 422, "document_invalid"],
  ["binary as JSON", Uint8Array.from([0xff, 0xfe, 0]), { "content-type": json }, 422, "document_invalid"],
  ["JSON that ends too early", '{"files":', { "content-type": json }, 422, "document_invalid"],
  ["a JSON array", "[]", { "content-type": json }, 422, "document_invalid"],
  ["gzip", gzipSync(documentText()), { "content-encoding": "gzip" }, 415, "content_encoding_unsupported"],
  ["brotli, by its name alone", "flags: {}", { "content-encoding": "br" }, 415, "content_encoding_unsupported"],
  ["no files", '{"files":{}}', { "content-type": json }, 422, "document_invalid"],
  ["a file that is a number", '{"files":{"mesh.yaml":1}}', { "content-type": json }, 400, "bad_request"],
  ["half a surrogate", String.raw`{"files":{"mesh.yaml":"\ud800"}}`, { "content-type": json }, 400, "bad_request"],
  ["a lock that is none", `{"files":{"mesh.yaml":${document}},"lock":7}`, { "content-type": json }, 400, "bad_request"],
  ["a third member", `{"files":{"mesh.yaml":${document}},"force":true}`, { "content-type": json }, 400, "bad_request"],
  [
    "__proto__ as a member",
    `{"files":{"m.yaml":${document}},"__proto__":{}}`,
    { "content-type": json },
    400,
    "bad_request",
  ],
  ["a file twice", `{"files":{"m.yaml":"","m.yaml":${document}}}`, { "content-type": json }, 400, "bad_request"],
  ["a message that is no percent-encoding", documentText(), { "x-flagmesh-message": "100%" }, 400, "bad_request"],
  [
    "a message that is too long",
    documentText(),
    { "x-flagmesh-message": "x".repeat(limits.messageBytesMax + 1) },
    400,
    "bad_request",
  ],
  ["a weak tag", documentText(), { "if-match": 'W/"0"' }, 400, "if_match_malformed"],
];

test.each(bodies)("%s", async (_, body, headers, status, code) => {
  const answer = await post(body, headers);
  expect([answer.status, answer.body["code"]]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

test("a document over the limit, and a body over the limit of bodies", async () => {
  const document_ = await post("#".repeat(limits.documentBytesMax + 1));
  expect([document_.status, document_.body["code"]]).toEqual([413, "body_too_large"]);
  const body = await post("#".repeat(3 * limits.documentBytesMax + 1));
  expect([body.status, body.body["code"]]).toEqual([413, "body_too_large"]);
});

test.each(["/rollback", "/policy", "/flags/checkout/stage"])("%s takes JSON of its own shape only", async (path) => {
  for (const body of [
    "",
    "{",
    "null",
    "[]",
    "7",
    "{}",
    '{"percent":"5"}',
    '{"release":-1}',
    '{"policy":1,"lock":null}',
  ]) {
    const answer = await api.call("POST", path, { body });
    expect([body, answer.status, answer.body["code"]]).toEqual([body, 400, "bad_request"]);
  }
});

test("none of it made a release, failed the control plane, or was told where in its source", async () => {
  expect((await api.call("GET", "/releases")).body["code"]).toBe("nothing_published");
  const stack = /\bat .+:\d+:\d+|\.ts:\d+|node_modules|node:internal/;
  expect(api.answers.length).toBeGreaterThan(bodies.length);
  expect(api.answers.map(({ text }) => text).filter((text) => stack.test(text))).toEqual([]);
  expect(api.logged.filter((line) => line.includes("request_failed"))).toEqual([]);
});
