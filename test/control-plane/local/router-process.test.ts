/** The local router in real workerd: its bindings, its storage, its log, and its end. */
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, expect, test, vi } from "vitest";
import { startRouter, type RouterOptions, type RouterProcess } from "../../../control-plane/local/router-process.ts";
import { freePort } from "../../free-port.ts";

const code = `
  import { DurableObject } from "cloudflare:workers";
  export class Hub extends DurableObject {
    async fetch() {
      const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
      await this.ctx.storage.put("count", count);
      return new Response(String(count));
    }
  }
  export default {
    async fetch(request, env) {
      const { pathname, host } = new URL(request.url);
      if (pathname === "/throw") throw new Error("out of tea");
      if (pathname === "/count") return env.HUB.getByName("acme/production").fetch(request);
      console.log("asked for " + pathname);
      return Response.json({ host, token: env.TOKEN, version: typeof env.VERSION.id });
    },
  };`;

const running: RouterProcess[] = [];
const directories: string[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((router) => router.close()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

async function start(options: Partial<RouterOptions> = {}): Promise<RouterProcess & { lines: string[] }> {
  const lines: string[] = [];
  const started = await startRouter({
    port: await freePort(),
    code,
    env: { TOKEN: "secret" },
    durableObjects: { HUB: "Hub" },
    log: (line) => lines.push(line),
    ...options,
  });
  if (!started.ok) throw new Error(started.error.message);
  running.push(started.value);
  return { ...started.value, lines };
}

/** As a browser would: `fetch` doesn't let its caller choose the host. */
const asHost = (url: string, host: string): Promise<string> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { host }, agent: false }, (response) => void text(response).then(resolve, reject))
      .once("error", reject)
      .end();
  });

test("it serves the bundle with its bindings, under the host that was asked for", async () => {
  const { url, lines } = await start();
  expect(await (await fetch(url)).json()).toEqual({ host: new URL(url).host, token: "secret", version: "string" });
  expect(JSON.parse(await asHost(url, "shop.localhost:8787"))).toMatchObject({ host: "shop.localhost:8787" });
  await vi.waitFor(() => expect(lines).toContain("router | asked for /"));
});

test("what it throws is in its log", async () => {
  const { url, lines } = await start();
  expect((await fetch(`${url}/throw`)).status).toBe(500);
  await vi.waitFor(() => expect(lines.join("\n")).toContain("out of tea"), { timeout: 5_000 });
});

test("Durable Objects keep their storage where there is a directory for it", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "flagmesh-router-"));
  directories.push(stateDirectory);
  const first = await start({ stateDirectory });
  expect(await (await fetch(`${first.url}/count`)).text()).toBe("1");
  await first.close();
  const second = await start({ stateDirectory });
  expect(await (await fetch(`${second.url}/count`)).text()).toBe("2");
});

test("a bundle that workerd refuses is a failure with workerd's words", async () => {
  const started = await startRouter({ port: await freePort(), code: "export default {", env: {}, log: () => {} });
  expect(started).toMatchObject({ ok: false, error: { code: "exited" } });
  expect(started.ok ? "" : started.error.message).toContain("SyntaxError");
});

test("a port in use is named, with the variable that changes it", async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  const second = await startRouter({ port, code, env: {}, log: () => {} });
  expect(second).toMatchObject({ ok: false, error: { code: "port_in_use" } });
  expect(second.ok ? "" : second.error.message).toContain("FLAGMESH_ROUTER_PORT");
});
