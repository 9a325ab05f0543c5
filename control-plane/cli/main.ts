#!/usr/bin/env node
/** The process around the command line: standard streams, signals, exit code. */
import { randomBytes } from "node:crypto";
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
    clock: () => Math.floor(Date.now() / 1000),
    randomBytes: (length) => Uint8Array.from(randomBytes(length)),
    fetch,
    signal: stopping.signal,
  },
  version,
);
