/** Renews every mesh's freshness about once a minute, and finishes what was signed while Redis was away. */
import type { Engine } from "../engine/engine.ts";

const everyMs = 60_000;
/** Sooner again where it failed: routers count their patience from the last renewal that they saw. */
const retryMs = 5_000;

export interface Renewal {
  /** Resolves when no renewal is under way any more. */
  readonly stop: () => Promise<void>;
}

/** Begins at once. @param log receives one line of JSON for each kind of failure when it begins, and when it ends */
export function keepFresh(engine: Engine, log: (line: string) => void): Renewal {
  const failing = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let round = run();

  async function run(): Promise<void> {
    let failed = false;
    for (const mesh of engine.meshes) {
      const code = await renew(engine, mesh);
      failed ||= code !== "ok";
      if ((failing.get(mesh) ?? "ok") !== code) {
        log(JSON.stringify({ level: code === "ok" ? "info" : "error", event: "freshness", mesh, state: code }));
      }
      failing.set(mesh, code);
    }
    if (stopped) return;
    timer = setTimeout(() => (round = run()), failed ? retryMs : everyMs);
    timer.unref();
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}

async function renew(engine: Engine, mesh: Engine["meshes"][number]): Promise<string> {
  try {
    const agreed = await engine.reconcile(mesh);
    if (!agreed.ok) return agreed.error.code;
    const renewed = await engine.renewFreshness(mesh);
    return renewed.ok ? "ok" : renewed.error.code;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
