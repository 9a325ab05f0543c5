/** `flagmesh dev`: everything on one machine, until it is interrupted. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";
import { openStateDirectory } from "../deployment/state-directory.ts";
import { startLocalMesh, type LocalMesh } from "../local/local-mesh.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { note, refuse } from "./say.ts";

const exampleMesh = "acme/production" as MeshId;
const example = fileURLToPath(new URL("../../examples/shop", import.meta.url));
const hosts = ["shop.localhost", "localhost", "127.0.0.1"];
const stateFolder = ".flagmesh";

export const dev: Command = {
  name: "dev",
  summary: "run everything on this machine: control plane, store, router, and the example shop",
  examples: ["flagmesh dev", "REDIS_URL=redis://127.0.0.1:6379 flagmesh dev"],
  declare(command) {
    command
      .option("--state <directory>", "where keys, policies and the anchor are kept", stateFolder)
      .option("--example <directory>", "the document to serve, with a script for each container", example);
  },
  async run(call) {
    const { context, global, options } = call;
    const ports = readPorts(context.env);
    if (typeof ports === "string") return refuse(call, exitCodes.usage, { code: "bad_port", message: ports });
    const mesh = await startLocalMesh({
      directory: openStateDirectory(path.resolve(context.cwd, String(options["state"]))),
      example: path.resolve(context.cwd, String(options["example"])),
      mesh: global.mesh !== undefined && isMeshId(global.mesh) ? global.mesh : exampleMesh,
      hosts,
      ports,
      redisUrl: context.env["REDIS_URL"],
      log: (line) => note(call, line),
    });
    if (!mesh.ok) return refuse(call, exitCodes.refused, mesh.error);
    greet(call, mesh.value);
    const ended = await Promise.race([mesh.value.failed, interrupted(context.signal)]);
    await mesh.value.close();
    if (ended === undefined) return exitCodes.fine;
    return refuse(call, exitCodes.refused, { code: "part_ended", message: `${ended} ended; its last words are above` });
  },
};

const interrupted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });

function readPorts(env: Readonly<Record<string, string | undefined>>) {
  const ports = { router: 8787, control: 8788, bridge: 8789 };
  for (const name of ["router", "control", "bridge"] as const) {
    const variable = `FLAGMESH_${name.toUpperCase()}_PORT`;
    const text = env[variable];
    if (text === undefined || text === "") continue;
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) return `${variable} is ${text}: wanted a port number`;
    ports[name] = Number(text);
  }
  return ports;
}

function greet(call: Call, { routerUrl, controlPlane, bridgeUrl }: LocalMesh): void {
  note(
    call,
    `
Flag Mesh is up. Router ${routerUrl}, control plane ${controlPlane.url}, store ${bridgeUrl}.

Try next, in another terminal:
  curl -i -H 'x-user-id: ada' ${routerUrl}/checkout/      which backend answers, and why
  curl ${routerUrl}/.well-known/flagmesh/health           what the router believes
  edit "new-checkout" in examples/shop/mesh.yaml: rollout: { "on": 50 }
  npm run -s flagmesh -- lock --dir examples/shop
  npm run -s flagmesh -- push --dir examples/shop -m "new checkout for half"
  npm run -s flagmesh -- kill new-checkout                 everyone back to the default, at once

Ctrl-C stops it; its log goes on at the next start.`,
  );
}
