/** The router's process: waits for its settings, runs workerd until it is told to end. Its output is the router's log. */
import { Miniflare, type WorkerdStructuredLog } from "miniflare";
import type { RouterSettings } from "./router-settings.ts";

const name = "router";
const exceptionLogName = "exception-log";

// Until workerd runs, the message to come is all that this process lives for.
process.channel?.ref();
process.once("message", (settings) => {
  const router = run(settings as RouterSettings);
  const stop = (): void => {
    void router.dispose().finally(() => process.exit(0));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  router.ready.catch((error: unknown) => {
    // What workerd says of the reason is in the log already; Miniflare repeats it, with a stack of its own.
    console.error((error as Error).message.split("\n", 1)[0]);
    process.exit(1);
  });
});

function run(settings: RouterSettings): Miniflare {
  const { host, port, code, env, durableObjects, compatibilityDate, stateDirectory } = settings;
  const texts = Object.entries(env).map(([binding, value]) => [binding, { type: "text", value }] as const);
  const objects = Object.entries(durableObjects).map(
    ([binding, exportName]) => [binding, { type: "durable-object", worker: name, exportName }] as const,
  );
  const classes = Object.values(durableObjects).map(
    (exportName) => [exportName, { type: "durable-object", storage: "sqlite" }] as const,
  );
  return new Miniflare({
    host,
    port,
    // Nothing but the router: no lookup of where in the world this is, no telemetry, no registry of other workers.
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    logRequests: false,
    handleStructuredLogs: writeLog,
    ...(stateDirectory === undefined ? {} : { resourcePersistencePath: stateDirectory }),
    workers: [
      {
        config: {
          name,
          compatibilityDate,
          manifest: { mainModule: "router.js", modules: { "router.js": { type: "esm", contents: code } } },
          env: { ...Object.fromEntries(texts), ...Object.fromEntries(objects), VERSION: { type: "version-metadata" } },
          exports: Object.fromEntries(classes),
          tailConsumers: [{ worker: exceptionLogName }],
        },
      },
      exceptionLog(compatibilityDate),
    ],
  });
}

const exceptionLogCode = `export default {
  tail(traces) {
    for (const { exceptions } of traces) {
      for (const { name, message, stack = "" } of exceptions) console.error(name + ": " + message, stack);
    }
  },
};`;

/** Miniflare answers 500 where the router throws, and logs nothing. A tail worker is told of every exception. */
const exceptionLog = (compatibilityDate: string) => ({
  config: {
    name: exceptionLogName,
    compatibilityDate,
    manifest: {
      mainModule: "tail.js",
      modules: {
        "tail.js": {
          type: "esm" as const,
          contents: exceptionLogCode,
        },
      },
    },
  },
});

function writeLog({ level, message }: WorkerdStructuredLog): void {
  if (level === "error" || level === "warn") console.error(message);
  else console.log(message);
}
