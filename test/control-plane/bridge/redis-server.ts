/** A real redis-server of the test's own: on a free port, without persistence, gone when it is closed. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../../free-port.ts";

export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

export async function startRedisServer(port?: number): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "flagmesh-redis-"));
  const listening = port ?? (await freePort());
  const settings = { port: listening, bind: "127.0.0.1", dir: directory, save: "", appendonly: "no" };
  const child = spawn(
    "redis-server",
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: "ignore" },
  );
  await answering(listening);
  return {
    url: `redis://127.0.0.1:${listening}`,
    pid: child.pid ?? 0,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(directory, { recursive: true });
    },
  };
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = createConnection({ port, host: "127.0.0.1" });
    const connected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await wait(25);
  }
  throw new Error(`redis-server did not come up on port ${port}`);
}
