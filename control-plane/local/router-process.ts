/**
 * The router in workerd, on this machine. Miniflare runs in a process of its own: workerd would outlive it, and keep the
 * port, if the control plane died without ending it; a child process notices (`exit-with-parent.ts`).
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ok, type Result } from "../../shared/result.ts";
import { startProcess, type Exit } from "./child-process.ts";
import { loopback } from "./port.ts";
import type { RouterSettings } from "./router-settings.ts";
import type { StartFailure } from "./start-failure.ts";

export interface RouterOptions {
  /** On loopback; nothing else reaches it. */
  readonly port: number;
  /** The bundle: one ES module. */
  readonly code: string;
  /** Text bindings. They travel over a pipe, not in the process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Binding to class, for what the bundle exports: `{ HUB: "Hub" }`. */
  readonly durableObjects?: Readonly<Record<string, string>>;
  /** A directory where Durable Objects keep their storage; without it they forget at the end. */
  readonly stateDirectory?: string;
  readonly log: (line: string) => void;
}

export interface RouterProcess {
  readonly url: string;
  readonly exited: Promise<Exit>;
  readonly close: () => Promise<void>;
}

const file = fileURLToPath(new URL("./router-main.ts", import.meta.url));
const wranglerConfig = new URL("../../wrangler.toml", import.meta.url);

/** Resolves when the router answers, whatever it answers. Fails as `startProcess` does. */
export async function startRouter(options: RouterOptions): Promise<Result<RouterProcess, StartFailure>> {
  const { port, code, env, durableObjects = {}, stateDirectory, log } = options;
  const url = `http://${loopback}:${port}`;
  const settings: RouterSettings = {
    host: loopback,
    port,
    code,
    env,
    durableObjects,
    compatibilityDate: compatibilityDateIn(readFileSync(wranglerConfig, "utf8")),
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  };
  const started = await startProcess({
    name: "router",
    file,
    env: {},
    ready: `${url}/.well-known/flagmesh/health`,
    isReady: () => true,
    portSetIn: "FLAGMESH_ROUTER_PORT",
    message: { ...settings },
    log,
  });
  return started.ok ? ok({ url, ...started.value }) : started;
}

/** The same date as the deployed router has: it decides how workerd behaves. */
function compatibilityDateIn(toml: string): string {
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d{2}-\d{2})"/m.exec(toml)?.[1];
  if (date === undefined) throw new Error("wrangler.toml has no compatibility_date");
  return date;
}
