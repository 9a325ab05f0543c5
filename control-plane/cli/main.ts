#!/usr/bin/env node
/** The process around the command line: standard streams, signals, exit code. */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { commands } from "./commands.ts";
import type { Sink } from "./context.ts";
import { runCli } from "./program.ts";
import { version } from "../tool.ts";

/** A reader that has seen enough (`flagmesh history | head`) ends the pipe; that is no error of ours. */
function sinkOf(stream: NodeJS.WriteStream): Sink {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    write(text) {
      if (stream.writable) stream.write(text);
    },
    isTerminal: stream.isTTY,
  };
}

async function ask(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      terminal.once("close", () => resolve(undefined));
      terminal.question(question, { signal: stopping.signal }).then(resolve, reject);
    });
  } catch {
    return undefined;
  } finally {
    terminal.close();
  }
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

process.exitCode = await runCli(
  process.argv.slice(2),
  commands,
  {
    cwd: process.cwd(),
    env: process.env,
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
    clock: () => Math.floor(Date.now() / 1000),
    randomBytes: (length) => Uint8Array.from(randomBytes(length)),
    fetch,
    signal: stopping.signal,
  },
  version,
);
