/** Processes of the local mesh: ready or a reason, their output, and above all that none of them is left behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { startProcess, type LocalProcess, type ProcessOptions } from "../../../control-plane/local/child-process.ts";
import { freePort } from "../../free-port.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url));

const running: LocalProcess[] = [];
afterEach(() => Promise.all(running.splice(0).map((process) => process.close())));

interface Started {
  readonly url: string;
  readonly lines: string[];
  readonly result: Awaited<ReturnType<typeof startProcess>>;
}

async function start(env: Record<string, string> = {}, options: Partial<ProcessOptions> = {}): Promise<Started> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const result = await startProcess({
    name: "checkout",
    file: fixture("server"),
    env: { PORT: String(port), ...env },
    ready: `${url}/`,
    log: (line) => lines.push(line),
    ...options,
  });
  if (result.ok) running.push(result.value);
  return { url, lines, result };
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

const untilSilent = (url: string): Promise<void> =>
  vi.waitFor(async () => expect(await answers(url)).toBe(false), { timeout: 10_000, interval: 20 });

test("it is ready when it answers, and its lines carry its name", async () => {
  const { url, lines, result } = await start();
  expect(result.ok).toBe(true);
  expect(await answers(url)).toBe(true);
  await vi.waitFor(() => expect(lines).toContain("checkout | up"));
});

test("it gets its own environment, and none of the parent's secrets", async () => {
  vi.stubEnv("FLAGMESH_TOKEN", "fm_secret");
  const { url } = await start({ DATABASE: "orders.sqlite" });
  const environment = await (await fetch(`${url}/environment`)).json();
  expect(environment).toMatchObject({ DATABASE: "orders.sqlite" });
  expect(environment).not.toHaveProperty("FLAGMESH_TOKEN");
  vi.unstubAllEnvs();
});

test("it gets its message", async () => {
  const { lines } = await start({}, { message: { code: "export {}" } });
  await vi.waitFor(() => expect(lines).toContain(`checkout | message {"code":"export {}"}`));
});

test("that it ends before it is ready is a failure with its last lines", async () => {
  const { result } = await start({ BEHAVIOUR: "exit" });
  expect(result).toMatchObject({ ok: false, error: { code: "exited" } });
  expect(result.ok ? "" : result.error.message).toBe(
    "checkout ended before it was ready (exit code 7).\n  no database",
  );
});

test("that it never gets ready is a failure, and leaves nothing running", async () => {
  const { url, result } = await start({ BEHAVIOUR: "unhealthy" }, { readyTimeoutMs: 500 });
  expect(result).toMatchObject({ ok: false, error: { code: "not_ready" } });
  expect(await answers(url)).toBe(false);
});

test("that it can't be run at all is a failure", async () => {
  const { result } = await start({}, { cwd: "/nowhere" });
  expect(result).toMatchObject({ ok: false, error: { code: "exited" } });
});

test("a port in use is named, with who needs it and where to change it", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const { result } = await start({}, { ready: `http://127.0.0.1:${port}/`, portSetIn: "FLAGMESH_ROUTER_PORT" });
  expect(result).toEqual({
    ok: false,
    error: {
      code: "port_in_use",
      message:
        `checkout: port ${port} is in use by another program. ` +
        "Stop that program, or choose another port (FLAGMESH_ROUTER_PORT).",
    },
  });
  other.close();
});

test("an end that was asked for is expected, however often it is asked for", async () => {
  const { url, lines, result } = await start();
  if (!result.ok) throw new Error(result.error.message);
  await Promise.all([result.value.close(), result.value.close()]);
  expect(await result.value.exited).toMatchObject({ expected: true });
  expect(await answers(url)).toBe(false);
  expect(lines.filter((line) => line.includes("unexpectedly"))).toEqual([]);
});

test("an end that nobody asked for is reported, and takes along what the process had started", async () => {
  const grandchildPort = await freePort();
  const { url, lines, result } = await start({ GRANDCHILD_PORT: String(grandchildPort) });
  if (!result.ok) throw new Error(result.error.message);
  const grandchild = `http://127.0.0.1:${grandchildPort}/`;
  await vi.waitFor(async () => expect(await answers(grandchild)).toBe(true), { timeout: 10_000, interval: 20 });
  await answers(`${url}/crash`);
  expect(await result.value.exited).toEqual({ expected: false, code: 3, signal: null });
  await vi.waitFor(() => expect(lines).toContain("checkout | ended unexpectedly (exit code 3)"));
  await untilSilent(grandchild);
});

test("whoever ignores SIGTERM is killed after the grace", async () => {
  const { url, lines, result } = await start({ BEHAVIOUR: "ignore-sigterm" });
  if (!result.ok) throw new Error(result.error.message);
  await result.value.close();
  expect(await result.value.exited).toMatchObject({ expected: true, signal: "SIGKILL" });
  expect(lines).toContain("checkout | not now");
  expect(await answers(url)).toBe(false);
});

test.for(["process", "router"])(
  "a %s ends with its parent, even where that is killed and can tell nobody",
  async (KIND) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const parent = spawn(process.execPath, [fixture("parent")], {
      env: { ...process.env, PORT: String(port), KIND },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await vi.waitFor(async () => expect(await answers(url)).toBe(true), { timeout: 20_000, interval: 20 });
    } finally {
      parent.kill("SIGKILL");
    }
    await untilSilent(url);
  },
);
