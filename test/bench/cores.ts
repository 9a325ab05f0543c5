/** Which processor cores a benchmark's processes run on, and what they cost there. Linux only; elsewhere nothing is pinned. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The kernel's unit in /proc, USER_HZ: 100 on every architecture that Node runs on. */
const microsecondsPerTick = 10_000;

/** The cores that this process may use; empty where `taskset` can't tell. */
export function availableCores(): readonly number[] {
  const { stdout } = spawnSync("taskset", ["-cp", String(process.pid)], { encoding: "utf8" });
  const list = /: ([\d,-]+)\s*$/.exec(stdout ?? "")?.[1];
  if (list === undefined) return [];
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The server on a core of its own; the client and the backend share another. */
export function placement(): { readonly server?: number; readonly others?: number } {
  const [server, others] = availableCores();
  return server === undefined || others === undefined ? {} : { server, others };
}

/** The command that runs another one on one core. It replaces itself by it, so the process id stays. */
export const pinned = (core: number | undefined, command: readonly string[]): readonly string[] =>
  core === undefined ? command : ["taskset", "-c", String(core), ...command];

/**
 * Processor time that a process has used since its start, all threads, user and kernel, in microseconds: proc_pid_stat(5),
 * fields 14 and 15. `undefined` where there is no /proc.
 */
export function cpuMicroseconds(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field, the command's name, may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}
