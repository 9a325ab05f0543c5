/** What goes through the router, byte by byte: header rules, targets, framing, methods (RFC 9110 and 9112). */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answer, host, runtimes, startProxiedMesh, type ProxiedMesh, type RawRequest } from "./proxied-mesh.ts";
import { connectTo, exchange, listen, parseAnswer, type RawAnswer, type RawServer } from "./raw-connection.ts";

const gzipped = gzipSync("compressed by the backend");

const answers = {
  "/headers": answer(
    [
      "HTTP/1.1 200 OK",
      "Connection: close, X-Hop",
      "Keep-Alive: timeout=5",
      "X-Hop: 1",
      "Proxy-Authenticate: Basic",
      "Proxy-Connection: close",
      "X-FlagMesh-Variant: forged",
      "Set-Cookie: a=1; Path=/",
      "Set-Cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
      "X-Kept: 1",
      "Content-Length: 2",
      "\r\nok",
    ].join("\r\n"),
  ),
  "/untouched": answer("HTTP/1.1 200 OK\r\nConnection: close\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok"),
  "/204": answer("HTTP/1.1 204 No Content\r\nConnection: close\r\nX-Kept: 1\r\n\r\n"),
  "/206": answer(
    "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\ncde",
  ),
  "/302": answer(
    "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://elsewhere.example/a?b#c\r\nContent-Length: 0\r\n\r\n",
  ),
  "/304": answer('HTTP/1.1 304 Not Modified\r\nConnection: close\r\nETag: "x"\r\n\r\n'),
  "/404": answer("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnone"),
  "/503": answer(
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\nlate",
  ),
  "/418": answer("HTTP/1.1 418 Odd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  "/head": answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\nX-Kept: 1\r\n\r\n"),
  "/103": answer(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
  ),
  "/chunked": answer(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
  ),
  "/until-closed": answer("HTTP/1.0 200 OK\r\n\r\nok"),
  "/gzip": answer(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipped.length}\r\n\r\n`,
      ),
      gzipped,
    ]),
  ),
};

let proxied: ProxiedMesh;
/** Where a request must never get to, whatever it says. */
let elsewhere: RawServer;
/** Reads a request and resets the connection. */
let resetting: RawServer;
let resets = 0;

beforeAll(async () => {
  elsewhere = await listen((connection) =>
    connection.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nelsewhere"),
  );
  resetting = await listen((connection) => {
    void connection.until("\r\n\r\n").then(
      () => {
        resets++;
        connection.socket.resetAndDestroy();
      },
      () => {},
    );
  });
  const closed = await listen(() => {});
  await closed.close();
  proxied = await startProxiedMesh(
    answers,
    `
mesh: acme/production
settings: { identity: [{ header: x-user-id }, { query: user }] }
backends:
  raw: { endpoints: [{ url: "BACKEND" }] }
  down: { endpoints: [{ url: "${closed.url}" }] }
  resetting: { endpoints: [{ url: "${resetting.url}" }], fallback: raw }
  half-down: { endpoints: [{ url: "${closed.url}" }, { url: "BACKEND" }] }
routes:
  all: { match: { host: ${host} }, backend: raw }
  down: { match: { host: ${host}, path: /down/* }, backend: down }
  resetting: { match: { host: ${host}, path: /resetting/* }, backend: resetting }
  half-down: { match: { host: ${host}, path: /half-down/* }, backend: half-down }
  read-only: { match: { host: ${host}, path: /read-only, methods: [GET] }, backend: raw }
`,
  );
});

afterAll(async () => {
  await proxied.close();
  await elsewhere.close();
  await resetting.close();
});

beforeEach(() => {
  proxied.requests.length = 0;
  resets = 0;
});

const last = (): RawRequest | undefined => proxied.requests.at(-1);

/** Headers that the runtime itself adds. */
const byPlatform = /^(?:host|accept-encoding|cf-worker|cf-connecting-ip|x-forwarded-for):/;
const seen = (): readonly string[] => (last()?.headers ?? []).filter((header) => !byPlatform.test(header));

/** A response's headers, but for those of its framing. */
const got = ({ headers }: RawAnswer): readonly string[] =>
  headers.filter((header) => !/^(?:connection|content-length|transfer-encoding):/.test(header)).toSorted();

/** Status, and the code where it is a problem of the router's. */
const codeOf = ({ status, headers, body }: RawAnswer): unknown => [
  status,
  headers.includes("content-type: application/problem+json") && /"code":"(\w+)"/.exec(body)?.[1],
];

describe.each(runtimes)("in %s", (runtime) => {
  const url = (): string => proxied.urls[runtime];
  /** One request on a connection of its own. @param lines of its header section, after Host */
  const send = (line: string, lines: readonly string[] = [], body = ""): Promise<RawAnswer> =>
    exchange(url(), [`${line} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...lines, "", body].join("\r\n"));

  test("a backend sees what the client sent end to end, and of the router what the router says", async () => {
    await exchange(
      url(),
      [
        "GET /request HTTP/1.1",
        `Host: ${host}`,
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=5",
        "TE: trailers",
        "Upgrade: h2c",
        "Proxy-Authorization: Basic Zm9vOmJhcg==",
        "Proxy-Connection: keep-alive",
        "X-FlagMesh-Signature: forged",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Port: 1",
        "Forwarded: host=evil.example",
        "Cookie: a=1; b=2",
        "Authorization: Bearer kept",
        "Accept: text/html;q=0.9, */*",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "\r\n",
      ].join("\r\n"),
    );
    expect(seen()).toEqual([
      "accept: text/html;q=0.9, */*",
      "authorization: Bearer kept",
      "cdn-loop: flagmesh",
      "cookie: a=1; b=2",
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      `x-forwarded-host: ${host}`,
      // Miniflare believes what a client says of the protocol.
      `x-forwarded-proto: ${runtime === "workerd" ? "http" : "https"}`,
    ]);
    expect(last()?.headers.filter((header) => header.includes("evil") || header.includes("forged"))).toEqual([]);
  });

  test("a client gets what the backend sent end to end, each cookie by itself", async () => {
    const response = await send("GET /headers");
    expect([response.status, response.body, got(response)]).toEqual([
      200,
      "ok",
      ["set-cookie: a=1; Path=/", "set-cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "x-kept: 1"],
    ]);
  });

  test("nothing is added where settings ask for nothing", async () => {
    expect(got(await send("GET /untouched"))).toEqual(["x-kept: 1"]);
  });

  test.each<[string, number, readonly string[], string]>([
    ["GET /204", 204, ["x-kept: 1"], ""],
    ["GET /206", 206, ["content-range: bytes 2-4/10"], "cde"],
    ["GET /302", 302, ["location: http://elsewhere.example/a?b#c"], ""],
    ["GET /304", 304, ['etag: "x"'], ""],
    ["GET /404", 404, [], "none"],
    ["GET /503", 503, ["retry-after: 9"], "late"],
    ["GET /418", 418, [], ""],
    ["GET /103", 200, [], "ok"],
    ["GET /until-closed", 200, [], "2\r\nok\r\n0\r\n\r\n"],
    ["GET /chunked", 200, [], "2\r\nok\r\n0\r\n\r\n"],
  ])("the answer to %s stays what it is", async (line, status, headers, body) => {
    const response = await send(line);
    expect([response.status, got(response), response.body]).toEqual([status, headers, body]);
  });

  test("HEAD is HEAD for the backend, and its Content-Length the client's", async () => {
    const response = await send("HEAD /head");
    expect([last()?.line, response.status, response.body]).toEqual(["HEAD /head", 200, ""]);
    expect(response.headers).toContain("content-length: 1000");
    expect(got(response)).toEqual(["x-kept: 1"]);
  });

  test("a compressed body arrives as it was compressed", async () => {
    const response = await send("GET /gzip", ["Accept-Encoding: gzip"]);
    expect(response.headers).toContain("content-encoding: gzip");
    expect(response.body).toContain(gzipped.toString("latin1"));
  });

  test("Range and conditional requests reach the backend", async () => {
    await send("GET /206", ["Range: bytes=2-4", 'If-Range: "x"', 'If-None-Match: "y"']);
    expect(seen()).toEqual(expect.arrayContaining(["range: bytes=2-4", 'if-range: "x"', 'if-none-match: "y"']));
  });

  test.each([
    ["/", "/"],
    ["/a//b///c/", "/a//b///c/"],
    ["//evil.example/a", "//evil.example/a"],
    ["/caf%C3%A9/%2F%2e%41%zz%", "/caf%C3%A9/%2F%2e%41%zz%"],
    ["/;v=1/@a:80/!$&()*+,=~", "/;v=1/@a:80/!$&()*+,=~"],
    ["/a?", "/a?"],
    ["/a??b=/../c&d=%20+?#frag", "/a??b=/../c&d=%20+?"],
    ["/a?next=http://evil.example/", "/a?next=http://evil.example/"],
    ["/public/../admin", "/admin"],
    ["/public/%2e%2E/%2e/admin?/../", "/admin?/../"],
  ])("the target %s reaches the backend as %s", async (sent, arrived) => {
    expect((await send(`GET ${sent}`)).status).toBe(200);
    expect(last()?.line).toBe(`GET ${arrived}`);
  });

  test("a path that leads out of its route takes the route that it leads to", async () => {
    const response = await send("POST /x/%2e%2e/read-only", ["Content-Length: 0"]);
    expect([response.status, last()?.line]).toEqual([200, "POST /read-only"]);
    expect((await send("GET /x/../down/")).status).toBe(502);
  });

  test.each([
    ["an absolute target", (to: string) => `GET ${to}/request HTTP/1.1\r\nHost: ${host}`],
    [
      "an absolute target with https",
      (to: string) => `GET ${to.replace("http:", "https:")}/ HTTP/1.1\r\nHost: ${host}`,
    ],
    ["a user name before the host", (to: string) => `GET / HTTP/1.1\r\nHost: ${host}@${to.slice(7)}`],
    ["a user name and a port before the host", (to: string) => `GET / HTTP/1.1\r\nHost: ${host}:80@${to.slice(7)}`],
    ["a host behind the host", (to: string) => `GET / HTTP/1.1\r\nHost: ${host}, ${to.slice(7)}`],
    ["two hosts", (to: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${to.slice(7)}`],
    ["another host", (to: string) => `GET / HTTP/1.1\r\nHost: ${to.slice(7)}`],
    ["a host in the path", (to: string) => `GET @${to.slice(7)}/ HTTP/1.1\r\nHost: ${host}`],
    ["a port in the path", (to: string) => `GET :80@${to.slice(7)}/ HTTP/1.1\r\nHost: ${host}`],
    ["a path without a slash", (to: string) => `GET .${to.slice(7)}/ HTTP/1.1\r\nHost: ${host}`],
    ["a backslash", (to: string) => `GET \\\\${to.slice(7)}\\ HTTP/1.1\r\nHost: ${host}`],
    ["a forwarded host", (to: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: ${to.slice(7)}`],
    ["a tunnel", (to: string) => `CONNECT ${to.slice(7)} HTTP/1.1\r\nHost: ${host}`],
  ])("%s selects no origin", async (_, head) => {
    await exchange(url(), `${head(elsewhere.url)}\r\nConnection: close\r\n\r\n`);
    expect(elsewhere.connections()).toBe(0);
    const forwardedTo = proxied.requests.flatMap(({ headers }) =>
      headers.filter((line) => line.startsWith("x-forwarded-host:")),
    );
    expect(new Set(forwardedTo)).toEqual(new Set(proxied.requests.length === 0 ? [] : [`x-forwarded-host: ${host}`]));
  });

  test("a host in upper case is the same host", async () => {
    const response = await exchange(
      url(),
      `GET /untouched HTTP/1.1\r\nHost: ${host.toUpperCase()}:80\r\nConnection: close\r\n\r\n`,
    );
    expect(response.status).toBe(200);
  });

  test("OPTIONS of the server itself is answered, and reaches no backend", async () => {
    const response = await send("OPTIONS *");
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(proxied.requests).toEqual([]);
  });

  test.each(["TRACE /request", "CONNECT /request"])("%s reaches no backend", async (line) => {
    expect((await send(line)).status).toBeGreaterThanOrEqual(400);
    expect(proxied.requests).toEqual([]);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "PROPFIND", "QUERY"])(
    "%s passes with its body",
    async (method) => {
      const response = await send(`${method} /request`, ["Content-Length: 4", "Content-Type: text/plain"], "body");
      expect(response.status).toBe(200);
      expect(last()?.line).toBe(`${method} /request`);
      expect(await last()?.connection.until("body")).toMatch(/content-length: 4\r\n/i);
    },
  );

  test("a body that a GET has passes too", async () => {
    expect((await send("GET /request", ["Content-Length: 4"], "body")).status).toBe(200);
    expect(await last()?.connection.until("body")).toMatch(/^GET \/request HTTP/);
    expect(seen()).toContain("cdn-loop: flagmesh");
    expect(seen().filter((header) => header.startsWith("x-flagmesh"))).toEqual([]);
  });

  test("a GET that says it has no body is a GET", async () => {
    expect((await send("GET /request", ["Content-Length: 0"])).status).toBe(200);
    expect(last()?.line).toBe("GET /request");
  });

  test("a client that waits for 100 Continue is told to go on, and sends its body once", async () => {
    const connection = connectTo(url());
    connection.write(
      `POST /request HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n`,
    );
    await connection.until("100 Continue");
    connection.write("body");
    await connection.closed;
    expect(parseAnswer(connection.received().replace(/^HTTP\/1.1 100.*\r\n\r\n/, "")).status).toBe(200);
    expect(proxied.requests).toHaveLength(1);
    await last()?.connection.until("body");
  });

  describe("framing that can be read in two ways", () => {
    const smuggled = "GET /smuggled HTTP/1.1\r\nX: ";
    test.each<[string, readonly string[], string]>([
      ["a length and chunks", ["Content-Length: 6", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`],
      ["two lengths", ["Content-Length: 0", `Content-Length: ${smuggled.length}`], smuggled],
      ["a list of lengths", [`Content-Length: 0, ${smuggled.length}`], smuggled],
      ["a length with a sign", [`Content-Length: +${smuggled.length}`], smuggled],
      ["another coding", ["Transfer-Encoding: xchunked", "Content-Length: 0"], smuggled],
      ["chunks twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${smuggled}`],
      ["a space before the colon", ["Content-Length : 0", `Content-Length: ${smuggled.length}`], smuggled],
      ["a folded line", ["X-A: 1", ` Content-Length: ${smuggled.length}`], smuggled],
      ["a NUL", ["X-A: \0", "Content-Length: 0"], smuggled],
      ["a bare CR", ["X-A: 1\rTransfer-Encoding: chunked", "Content-Length: 0"], smuggled],
      ["a chunk size with a sign", ["Transfer-Encoding: chunked"], `+0\r\n\r\n${smuggled}`],
    ])("%s: refused, or put right before it is forwarded", async (_, lines, body) => {
      const connection = connectTo(url());
      connection.write(
        Buffer.from([`POST /request HTTP/1.1`, `Host: ${host}`, ...lines, "", body].join("\r\n"), "latin1"),
      );
      await connection.until("HTTP/1.1 ");
      // What follows on the connection is for nobody else: it ends here.
      connection.socket.end();
      await connection.closed;
      expect(proxied.requests.filter(({ line }) => line.includes("smuggled"))).toEqual([]);
      for (const { headers } of proxied.requests) {
        const framing = headers.filter((header) => /^(?:content-length|transfer-encoding) ?:/.test(header));
        expect(framing).toHaveLength(1);
        expect(framing[0]).toMatch(/^(?:content-length: \d+|transfer-encoding: chunked)$/);
      }
    });
  });

  describe("a backend that fails", () => {
    test("to be there is a problem, for any method", async () => {
      expect(codeOf(await send("GET /down/"))).toEqual([502, "backend_unreachable"]);
      expect(codeOf(await send("POST /down/", ["Content-Length: 4"], "body"))).toEqual([502, "backend_unreachable"]);
    });

    test("is sent a POST once, and nobody else is", async () => {
      expect(codeOf(await send("POST /resetting/", ["Content-Length: 5"], "order"))).toEqual([
        502,
        "backend_unreachable",
      ]);
      expect([resets, proxied.requests]).toEqual([1, []]);
    });

    test("leaves a GET to its fallback", async () => {
      expect((await send("GET /resetting/x?y")).status).toBe(200);
      expect([resets, last()?.line]).toEqual([1, "GET /resetting/x?y"]);
    });

    test("on one endpoint leaves a GET to the other, whoever asks", async () => {
      for (let user = 0; user < 8; user++) {
        expect((await send("GET /half-down/", [`X-User-Id: user-${user}`])).status).toBe(200);
      }
      expect(proxied.requests).toHaveLength(8);
    });

    test("to be a route, or a host, at all is a problem too", async () => {
      expect(codeOf(await send("POST /read-only", ["Content-Length: 0"]))).toEqual([200, false]);
      const response = await exchange(url(), "GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n");
      expect(codeOf(response)).toEqual([404, "unknown_host"]);
    });
  });
});

test("a backend that sends requests back to the router is stopped", async () => {
  const circling = await listen((connection) => {
    void connection.until("\r\n\r\n").then(
      async (text) => {
        const again = await exchange(
          proxied.urls.workerd,
          text.replace(/^host: .*$/im, `Host: ${host}\r\nConnection: close`),
        );
        connection.socket.end(`HTTP/1.1 ${again.status} Again\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      },
      () => {},
    );
  });
  try {
    const document = `
mesh: acme/production
backends: { circling: { endpoints: [{ url: "${circling.url}" }] } }
routes: { all: { match: { host: ${host} }, backend: circling } }
`;
    expect((await proxied.mesh.push(document)).status).toBe(201);
    await proxied.mesh.until(({ revision }) => revision === 2);
    let answer: RawAnswer | undefined;
    const deadline = Date.now() + 5_000;
    while (answer?.status !== 508 && Date.now() < deadline) {
      answer = await exchange(proxied.urls.workerd, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    }
    expect(answer?.status).toBe(508);
    expect(circling.connections()).toBeGreaterThanOrEqual(3);
  } finally {
    await circling.close();
  }
});
