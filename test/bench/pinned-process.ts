/** A process of a benchmark, on a core of its own if there is one. */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { pinned } from "./cores.ts";

const readyTimeoutMs = 15_000;
const pollMs = 20;
const outputCharsKept = 4_000;

export interface PinnedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly close: () => Promise<void>;
}

export interface PinnedOptions {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly core?: number | undefined;
  /** It has started when this URL is answered, whatever the status. Without it: when it sends its first message (IPC). */
  readonly ready?: string;
}

/** Throws, with what the process printed, where it doesn't start. */
export async function startPinned({ command, env = {}, core, ready }: PinnedOptions): Promise<PinnedProcess> {
  const [file = "", ...args] = pinned(core, command);
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", ...(ready === undefined ? (["ipc"] as const) : [])],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputCharsKept);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  // A benchmark that gives up, or is interrupted, leaves nothing running.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = new Promise<"exited">((resolve) => {
    child.once("exit", () => resolve("exited"));
    child.once("error", () => resolve("exited"));
  });
  void exited.then(() => process.off("exit", kill));
  const close = async (): Promise<void> => {
    kill();
    await exited;
  };
  const started = ready === undefined ? firstMessage(child) : untilAnswered(ready);
  const outcome = await Promise.race([started, exited]);
  if (outcome !== "started" || child.pid === undefined) {
    await close();
    throw new Error(`${command.join(" ")}: ${outcome}\n${output}`);
  }
  return { child, pid: child.pid, close };
}

const firstMessage = (child: ChildProcess): Promise<"started"> =>
  new Promise((resolve) => child.once("message", () => resolve("started")));

async function untilAnswered(url: string): Promise<"started" | "not answered in time"> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.timeout(readyTimeoutMs),
        headers: { connection: "close" },
      });
      await response.body?.cancel();
      return "started";
    } catch {
      await delay(pollMs);
    }
  }
  return "not answered in time";
}
