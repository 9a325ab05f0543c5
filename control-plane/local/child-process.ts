/** One process of the local mesh: started, waited for until it answers, its output passed on line by line, and ended. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { err, ok, type Result } from "../../shared/result.ts";
import { checkPortFree } from "./port.ts";
import type { StartFailure } from "./start-failure.ts";

const readyTimeoutDefaultMs = 20_000;
const pollMs = 25;
const probeTimeoutMs = 1_000;
const graceMs = 3_000;
const lastLinesKept = 5;

/** What a Node process needs of its parent's environment. Tokens and keys that stand there are not its business. */
const inherited = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot"];

export interface ProcessOptions {
  /** Begins its log lines, and names it in failures. */
  readonly name: string;
  /** The script that Node runs. */
  readonly file: string;
  /** Its environment, beside what every process needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A URL on a port of its own; the process is ready when a GET is answered. */
  readonly ready: string;
  /** Which statuses mean ready; every 2xx where it isn't given. */
  readonly isReady?: (status: number) => boolean;
  /** 20 s where it isn't given. */
  readonly readyTimeoutMs?: number;
  /** Where its port is set, for the message when it is taken. */
  readonly portSetIn?: string;
  /** Sent over the IPC channel once it runs: for what is too large, or too secret, for an environment. */
  readonly message?: Readonly<Record<string, unknown>>;
  readonly log: (line: string) => void;
}

export interface Exit {
  /** False: nobody had asked it to end. */
  readonly expected: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LocalProcess {
  /** Resolves when the process has ended, whoever ended it. Never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL after 3 s. Resolves when it has ended; may be called more than once. */
  readonly close: () => Promise<void>;
}

/**
 * Runs `file` with this Node until it is closed, or until this process ends in whatever way.
 * Fails with `port_in_use`, `exited` (before it was ready) or `not_ready` (in time); then nothing is left running.
 */
export async function startProcess(options: ProcessOptions): Promise<Result<LocalProcess, StartFailure>> {
  const { name, file, env, cwd, ready, isReady = isSuccess, portSetIn, message, log } = options;
  const readyTimeoutMs = options.readyTimeoutMs ?? readyTimeoutDefaultMs;
  const port = await checkPortFree({
    number: Number(new URL(ready).port),
    purpose: name,
    ...(portSetIn === undefined ? {} : { setIn: portSetIn }),
  });
  if (!port.ok) return port;

  const child = spawn(process.execPath, ["--import", new URL("./exit-with-parent.ts", import.meta.url).href, file], {
    cwd,
    env: { ...inheritedEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A process group of its own: Ctrl-C in the terminal reaches only the parent, which then ends its children in order,
    // and what the child itself starts can be ended with it.
    detached: true,
  });
  const lastLines: string[] = [];
  const passOn = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > lastLinesKept) lastLines.shift();
    log(`${name} | ${line}`);
  };
  eachLine(child.stdout, passOn);
  eachLine(child.stderr, passOn);

  let closing: Promise<void> | undefined;
  const exited = exitOf(child, () => closing !== undefined);
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    const grace = setTimeout(() => killGroup(child), graceMs);
    await exited;
    clearTimeout(grace);
  };
  const local: LocalProcess = { exited, close: () => (closing ??= close()) };

  // A child that has ended already makes `send` fail; that it ended is reported below.
  if (message !== undefined) child.send(message, () => {});
  const stop = new AbortController();
  const outcome = await Promise.race([exited, untilReady(ready, isReady, readyTimeoutMs, stop.signal)]);
  stop.abort();
  if (outcome === "ready") {
    void exited.then((exit) => {
      if (!exit.expected) log(`${name} | ended unexpectedly (${reasonOf(exit)})`);
    });
    return ok(local);
  }
  await local.close();
  if (outcome === "timeout") {
    return err({
      code: "not_ready",
      message: `${name} started, but ${ready} wasn't answered in ${readyTimeoutMs} ms.`,
    });
  }
  const what = `${name} ended before it was ready (${reasonOf(outcome)}).`;
  return err({ code: "exited", message: [what, ...lastLines].join("\n  ") });
}

const reasonOf = ({ code, signal }: Exit): string =>
  signal ?? (code === null ? "it couldn't run" : `exit code ${code}`);

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Resolves when the process and its output have ended, and ends what it had started itself. */
async function exitOf(child: ChildProcess, wasAsked: () => boolean): Promise<Exit> {
  child.once("exit", () => killGroup(child));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (...end) => resolve(end));
    // It couldn't be started at all: there is no process, and no "close".
    child.once("error", () => resolve([null, null]));
  });
  return { expected: wasAsked(), code, signal };
}

/** The child and whatever it started, at once. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

async function untilReady(
  url: string,
  isReady: (status: number) => boolean,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<"ready" | "timeout"> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !stop.aborted) {
    const status = await statusOf(url);
    if (status !== undefined && isReady(status)) return "ready";
    await delay(pollMs);
  }
  return "timeout";
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(probeTimeoutMs) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

const eachLine = (stream: Readable | null, receive: (line: string) => void): void => {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Infinity }).on("line", receive);
};

const inheritedEnvironment = (): Record<string, string> =>
  Object.fromEntries(inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
