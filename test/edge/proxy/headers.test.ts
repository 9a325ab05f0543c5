import { describe, expect, test } from "vitest";
import { requestHeaders, responseHeadersToDrop } from "../../../edge/proxy/headers.ts";

const to = { authority: "shop.example.com:8787", secure: true };
const ours = { "cdn-loop": "flagmesh", "x-forwarded-host": "shop.example.com:8787", "x-forwarded-proto": "https" };

const upstream = (sent: Record<string, string>): Record<string, string> | undefined => {
  const headers = requestHeaders(new Headers(sent), to);
  return headers === undefined ? undefined : Object.fromEntries(headers);
};

describe("of a request", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      "end-to-end headers pass",
      { accept: "*/*", cookie: "a=1; b=2", "x-user-id": "ada" },
      { accept: "*/*", cookie: "a=1; b=2", "x-user-id": "ada" },
    ],
    [
      "hop-by-hop headers don't",
      {
        connection: "keep-alive",
        "keep-alive": "timeout=5",
        te: "trailers",
        trailer: "x-sum",
        "transfer-encoding": "chunked",
        "proxy-authorization": "Basic Zm9v",
        "proxy-connection": "keep-alive",
      },
      {},
    ],
    [
      "what Connection nominates doesn't",
      { connection: "close, X-Foo ,,x-bar", "x-foo": "1", "x-bar": "2", "x-baz": "3" },
      { "x-baz": "3" },
    ],
    ["what Connection nominates alone doesn't", { connection: "x-foo", "x-foo": "1" }, {}],
    [
      "what the platform says of the client can't be nominated away",
      { connection: "cf-connecting-ip, x-forwarded-for, cdn-loop, x-forwarded-host", "cf-connecting-ip": "192.0.2.1" },
      { "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.1" },
    ],
    [
      "what only the router says is replaced",
      {
        "x-flagmesh-variant": "forged",
        "x-flagmesh-signature": "forged",
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "gopher",
        "x-forwarded-anything": "forged",
        forwarded: "for=198.51.100.7;host=evil.example",
        "cf-connecting-ip": "192.0.2.1",
      },
      { "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.1" },
    ],
    [
      "a WebSocket may begin",
      { connection: "Upgrade", upgrade: "WebSocket", "sec-websocket-key": "x" },
      { upgrade: "WebSocket", "sec-websocket-key": "x" },
    ],
    [
      "HTTP/2 over the same connection may not",
      { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAM" },
      {},
    ],
    [
      "a loop is counted",
      { "cdn-loop": "cloudflare; loops=1, flagmesh" },
      { "cdn-loop": "cloudflare; loops=1, flagmesh, flagmesh" },
    ],
  ])("%s", (_, sent, expected) => {
    expect(upstream(sent)).toEqual({ ...ours, ...expected });
  });

  test("a third time through the router is a loop, and can't be hidden by nominating its trace", () => {
    expect(upstream({ "cdn-loop": "flagmesh, flagmesh" })).toBeDefined();
    expect(upstream({ "cdn-loop": "flagmesh, other, flagmesh, flagmesh" })).toBeUndefined();
    expect(upstream({ "cdn-loop": "FlagMesh; n=1,flagmesh ,\tflagmesh", connection: "cdn-loop" })).toBeUndefined();
    expect(upstream({ "cdn-loop": "notflagmesh, flagmesh2, flag, mesh" })).toBeDefined();
  });
});

describe("of a response", () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    ["nothing goes from an ordinary one", { "content-type": "text/html", "x-powered-by": "x", server: "y" }, []],
    [
      "what the platform drops by itself is left to it",
      { connection: "keep-alive", "keep-alive": "timeout=5", "transfer-encoding": "chunked", te: "x", trailer: "x" },
      [],
    ],
    ["what Connection nominates goes", { connection: "close, X-Foo", "x-foo": "1", "x-bar": "2" }, ["x-foo"]],
    [
      "a backend doesn't speak for the router",
      { "x-flagmesh-variant": "on", "x-forwarded-host": "kept" },
      ["x-flagmesh-variant"],
    ],
    [
      "what is for proxies goes",
      { "proxy-authenticate": "Basic", "proxy-connection": "close" },
      ["proxy-authenticate", "proxy-connection"],
    ],
  ])("%s", (_, received, dropped) => {
    expect(responseHeadersToDrop(new Headers(received))).toEqual(dropped);
  });
});
