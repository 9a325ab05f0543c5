/** The benchmarks' harness, so that it works on the day that somebody needs a figure. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { runLoad } from "../bench/http-load.ts";
import { formatTable } from "../bench/table.ts";
import { baselines, benchThroughput, throughputTable } from "../bench/throughput.ts";
import { startWorkerd } from "../bench/workerd-serve.ts";
import { freePort } from "../free-port.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const load = { connections: 2, durationMs: 100, requests: [{ path: "/a" }, { path: "/b", headers: { host: "shop" } }] };

describe("the load generator", () => {
  test("sends its requests in turn, and counts as many answers as the server gave", async () => {
    const seen: string[] = [];
    const url = await serve(({ url, headers }, response) => {
      seen.push(`${url} ${headers.host}`);
      response.end("ok");
    });
    const { answered, failed, p50Micros, p99Micros } = await runLoad({ url, ...load });
    expect({ answered, failed }).toEqual({ answered: seen.length, failed: 0 });
    expect(new Set(seen)).toEqual(new Set([`/a ${new URL(url).host}`, "/b shop"]));
    expect(p50Micros).toBeGreaterThan(0);
    expect(p99Micros).toBeGreaterThanOrEqual(p50Micros);
  });

  test("reads bodies with a length, in chunks, in several packets, and none at all", async () => {
    const kinds: RequestListener[] = [
      (_, response) => response.end("x".repeat(100_000)),
      (_, response) => {
        response.write("0\r\n");
        response.end("x".repeat(100_000));
      },
      (_, response) => response.writeHead(304).end(),
    ];
    let turn = 0;
    const url = await serve((request, response) => kinds[turn++ % kinds.length]?.(request, response));
    expect(await runLoad({ url, ...load })).toMatchObject({ answered: turn, failed: 0 });
    expect(turn).toBeGreaterThan(kinds.length);
  });

  test.for<[string, RequestListener]>([
    ["errors", (_, response) => response.writeHead(503).end()],
    ["closed connections", ({ socket }) => socket.destroy()],
  ])("counts %s as failures, and ends", async ([, listener]) => {
    const { answered, failed } = await runLoad({ url: await serve(listener), ...load });
    expect(answered).toBe(0);
    expect(failed).toBeGreaterThan(0);
  });

  test("ends where nobody listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await runLoad({ url, ...load })).toMatchObject({ answered: 0, failed: load.connections });
  });
});

test("workerd serves a module with text, service and Durable Object bindings, and a cache that is empty", async () => {
  const url = await serve(({ url }, response) => response.end(`backend ${url}`));
  const text = `quoted "text"\n\\ and ü`;
  const workerd = await startWorkerd({
    port: await freePort(),
    env: { TEXT: text },
    services: { BACKEND: new URL(url).host },
    durableObjects: { HUB: "Hub" },
    code: `
      import { DurableObject } from "cloudflare:workers";
      export class Hub extends DurableObject {
        fetch() { return Response.json(this.ctx.storage.sql.exec("SELECT 1 AS one").toArray()); }
      }
      export default {
        async fetch(request, env) {
          await caches.default.put("http://cache/x", new Response("kept", { headers: { "cache-control": "max-age=60" } }));
          return Response.json({
            text: env.TEXT,
            backend: await (await env.BACKEND.fetch("http://any/path")).text(),
            hub: await (await env.HUB.getByName("hub").fetch(request)).json(),
            cached: (await caches.default.match("http://cache/x")) !== undefined,
          });
        },
      };`,
  });
  closers.push(workerd.close);
  const answer = { text, backend: "backend /path", hub: [{ one: 1 }], cached: false };
  expect(await (await fetch(workerd.url)).json()).toEqual(answer);
});

test("what workerd refuses is an error with its words", async () => {
  const port = await freePort();
  await expect(startWorkerd({ port, code: "export default {" })).rejects.toThrow("SyntaxError");
});

test("every baseline gives a row of figures, and the first is the measure of the others", async () => {
  const rows = await benchThroughput(baselines, { rounds: 1, roundMs: 100, connections: 2 });
  expect(rows.map(({ name }) => name)).toEqual(baselines.map(({ name }) => name));
  for (const { requestsPerSecond, p50Micros, p99Micros } of rows) {
    expect(requestsPerSecond).toBeGreaterThan(0);
    expect(p99Micros).toBeGreaterThanOrEqual(p50Micros);
  }
  const table = throughputTable(rows);
  expect(table.rows[0]?.[2]).toBe("1.00×");
  expect(formatTable(table).split("\n")).toHaveLength(2 + baselines.length);
});

test("a contender that answers with errors has no figures", async () => {
  const url = await serve((_, response) => response.writeHead(500).end());
  const broken = { name: "broken", start: async () => ({ url, pid: process.pid, close: async () => {} }) };
  await expect(benchThroughput([broken], { rounds: 1, roundMs: 50 })).rejects.toThrow("broken");
});
