/**
 * A Worker in workerd itself, as `workerd serve` with a configuration of its own. Miniflare would put another Worker in
 * front of it, which halves the requests per second and hides what is measured.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPinned } from "./pinned-process.ts";

export interface WorkerdOptions {
  /** On loopback. */
  readonly port: number;
  /** One ES module. */
  readonly code: string;
  /** Text bindings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Service bindings to HTTP servers: binding to `host:port`. */
  readonly services?: Readonly<Record<string, string>>;
  /** Durable Objects with SQLite, gone at the end: binding to the class that the module exports. */
  readonly durableObjects?: Readonly<Record<string, string>>;
  readonly core?: number | undefined;
}

export interface Workerd {
  readonly url: string;
  readonly pid: number;
  readonly close: () => Promise<void>;
}

const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
const wranglerConfig = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
const compatibilityDate = /^compatibility_date = "([\d-]+)"/m.exec(wranglerConfig)?.[1] ?? "";

/** Resolves when it answers. Throws, with workerd's words, where it doesn't start. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const directory = mkdtempSync(join(tmpdir(), "flagmesh-workerd-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const forget = (): void => {
    process.off("exit", remove);
    remove();
  };
  process.once("exit", remove);
  try {
    writeConfig(directory, options);
    const url = `http://127.0.0.1:${options.port}`;
    const command = [binary, "serve", join(directory, "config.capnp")];
    const { pid, close } = await startPinned({ command, core: options.core, ready: url });
    return { url, pid, close: () => close().finally(forget) };
  } catch (error) {
    forget();
    throw error;
  }
}

function writeConfig(directory: string, options: WorkerdOptions): void {
  const { port, code, env = {}, services = {}, durableObjects = {} } = options;
  writeFileSync(join(directory, "main.js"), code);
  writeFileSync(join(directory, "no-cache.js"), noCache);
  mkdirSync(join(directory, "env"));
  mkdirSync(join(directory, "storage"));
  // Values stand in files, so that none has to be quoted.
  for (const [name, value] of Object.entries(env)) writeFileSync(join(directory, "env", name), value);

  const bindings = [
    ...Object.keys(env).map((name) => `(name = "${name}", text = embed "env/${name}")`),
    ...Object.keys(services).map((name) => `(name = "${name}", service = "service-${name}")`),
    ...Object.entries(durableObjects).map(([name, type]) => `(name = "${name}", durableObjectNamespace = "${type}")`),
  ];
  const external = Object.entries(services).map(
    ([name, address]) => `(name = "service-${name}", external = (address = "${address}", http = ())),`,
  );
  const classes = Object.values(durableObjects).map(
    (type) => `(className = "${type}", uniqueKey = "${type}", enableSql = true)`,
  );
  writeFileSync(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "no-cache", worker = .noCache),
    (name = "storage", disk = (path = "${join(directory, "storage")}", writable = true)),
    (name = "network", network = (allow = ["public", "private"])),
    ${external.join("\n    ")}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main.js", esModule = embed "main.js")],
  compatibilityDate = "${compatibilityDate}",
  bindings = [${bindings.join(", ")}],
  globalOutbound = "network",
  cacheApiOutbound = "no-cache",
  durableObjectNamespaces = [${classes.join(", ")}],
  durableObjectStorage = (localDisk = "storage"),
);
const noCache :Workerd.Worker = (
  modules = [(name = "no-cache.js", esModule = embed "no-cache.js")],
  compatibilityDate = "${compatibilityDate}",
);
`,
  );
}

/** A Cache API that keeps nothing: workerd has none of its own. 504 is how it is told of a miss. */
const noCache = `export default {
  fetch: ({ method }) => new Response(null, { status: method === "PUT" ? 204 : 504 }),
};`;
