/** `flagmesh serve`: the control plane alone, over an Upstash database or any Redis behind the bridge. */
import path from "node:path";
import { openStateDirectory } from "../deployment/state-directory.ts";
import { startControlPlane } from "../serve/control-plane.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { note, refuse } from "./say.ts";

const portDefault = 8788;

export const serve: Command = {
  name: "serve",
  summary: "run the control plane (UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN)",
  examples: ["flagmesh serve --state /var/lib/flagmesh --host 0.0.0.0 --port 8788"],
  declare(command) {
    command
      .option("--state <directory>", "keys, policies, anchor, admin.token", ".flagmesh")
      .option("--host <address>", "to listen on", "127.0.0.1")
      .option("--port <number>", "to listen on", String(portDefault))
      .option("--router <url...>", "routers whose hubs are told of new releases, e.g. https://shop.example.com", []);
  },
  async run(call) {
    const { context, options } = call;
    const url = context.env["UPSTASH_REDIS_REST_URL"];
    const token = context.env["UPSTASH_REDIS_REST_TOKEN"];
    if (!url || !token) {
      const message = "set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN to a database that it may write";
      return refuse(call, exitCodes.usage, { code: "no_store", message });
    }
    const directory = openStateDirectory(path.resolve(context.cwd, String(options["state"])));
    const admin = directory.read(directory.files.adminToken)?.trim();
    if (!admin) {
      const hint = `flagmesh keygen --api-token --out ${directory.files.adminToken}`;
      return refuse(call, exitCodes.usage, {
        code: "no_admin_token",
        message: `${directory.files.adminToken} is missing`,
        hint,
      });
    }
    try {
      const started = await startControlPlane({
        directory,
        store: { url, token },
        port: Number(options["port"]),
        host: String(options["host"]),
        tokens: { admin },
        routers: options["router"] as string[],
        log: (line) => note(call, line),
      });
      if (!started.ok) return refuse(call, exitCodes.usage, started.error);
      note(call, `control plane on ${started.value.url}, meshes: ${started.value.engine.meshes.join(", ") || "none"}`);
      await new Promise<void>((resolve) => {
        if (context.signal.aborted) resolve();
        context.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await started.value.close();
      return exitCodes.fine;
    } catch (error) {
      return refuse(call, exitCodes.refused, { code: "cannot_listen", message: String(error) });
    }
  },
};
