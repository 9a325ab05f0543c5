/** Who may ask the API, and what is answered where there is nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApi, type LiveApi } from "./live-api.ts";

let api: LiveApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  fetch(api.url + path, { method, headers });

describe("without a token that is known", () => {
  const sent: readonly [string, () => Record<string, string>][] = [
    ["none", () => ({})],
    ["another", () => ({ authorization: `Bearer ${"x".repeat(43)}` })],
    ["the store's", () => ({ authorization: `Bearer ${api.storeToken}` })],
    ["one that is cut short", () => ({ authorization: `Bearer ${api.token.slice(0, -1)}` })],
    ["one with more behind it", () => ({ authorization: `Bearer ${api.token}x` })],
    ["two", () => ({ authorization: `Bearer ${api.token} ${api.token}` })],
    ["an empty one", () => ({ authorization: "Bearer " })],
    ["one that is too long", () => ({ authorization: `Bearer ${"x".repeat(513)}` })],
    ["one without its scheme", () => ({ authorization: api.token })],
    ["one of another scheme", () => ({ authorization: `Basic ${btoa(`ada:${api.token}`)}` })],
    ["the right one under another scheme", () => ({ authorization: `Token ${api.token}` })],
  ];
  const paths = ["/v1/meshes", "/v1/meshes/acme/production/lock", "/v1/meshes/no/such/flags", "/v1/nothing"];

  test.each(sent)("%s: 401, whatever is asked for", async (_, headers) => {
    for (const path of paths) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const answer = await ask(path, headers(), method);
        expect([answer.status, answer.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        expect(answer.headers.get("cache-control")).toBe("no-store");
        expect(await answer.json()).toMatchObject({ status: 401, code: "unauthorized" });
      }
    }
  });

  test("health checks are answered", async () => {
    expect((await ask("/healthz")).status).toBe(200);
    expect((await ask("/readyz")).status).toBe(200);
  });
});

test("the scheme's name is taken in any case", async () => {
  expect((await ask("/v1/meshes", { authorization: `bearer ${api.token}` })).status).toBe(200);
});

test.each([
  ["GET", "/", "not_found"],
  ["GET", "/v1", "not_found"],
  ["GET", "/v1/meshes/", "not_found"],
  ["DELETE", "/v1/meshes/acme/production/releases", "not_found"],
  ["GET", "/v1/meshes/acme/production/releases/x", "not_found"],
  ["GET", "/v1/meshes/acme/production/releases/7", "release_unknown"],
  ["GET", "/v1/meshes/acme/production/releases/99999999999999999999", "release_unknown"],
  ["GET", "/v1/meshes/acme/production/flags", "nothing_published"],
  ["GET", "/v1/meshes/acme/production/checkpoint", "nothing_published"],
  ["GET", "/v1/meshes/acme/production/log/checkpoint", "nothing_published"],
  ["GET", "/v1/meshes/acme/production/log/tile/9/000", "not_found"],
  ["GET", "/v1/meshes/acme/production/log/..%2Flock", "not_found"],
  ["GET", "/v1/meshes/acme/staging/flags", "mesh_unknown"],
  ["GET", "/v1/meshes/__proto__/constructor/lock", "mesh_unknown"],
])("%s %s: 404 %s", async (method, path, code) => {
  const answer = await ask(path, { authorization: `Bearer ${api.token}` }, method);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  expect(await answer.json()).toMatchObject({ type: "about:blank", status: 404, code });
});
