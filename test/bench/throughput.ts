/**
 * Requests per second, latency and processor time of several servers in front of the same backend. Rounds of about a second
 * are interleaved, so that whatever else the machine does meets all of them alike; each figure is the median of the rounds.
 * Processor time per request is the steadiest one, and only ratios within one run mean anything on another machine.
 */
import { bundleRouter } from "../../control-plane/local/bundle-router.ts";
import { freePort } from "../free-port.ts";
import { startBackend } from "./backend.ts";
import { cpuMicroseconds, placement } from "./cores.ts";
import { median, type LoadRequest, type LoadResult } from "./http-load.ts";
import { startLoadClient, type LoadClient } from "./load-client.ts";
import { ratio, type Table } from "./table.ts";
import { startWorkerd } from "./workerd-serve.ts";

export interface RunningContender {
  readonly url: string;
  /** Its processor time is read from this process. */
  readonly pid: number;
  readonly close: () => Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Starts it, on `core` where that is given, in front of the backend at `backendUrl`. */
  readonly start: (place: {
    readonly backendUrl: string;
    readonly core: number | undefined;
  }) => Promise<RunningContender>;
}

export interface ThroughputRow {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Of the server's process; `undefined` where the system doesn't tell. */
  readonly cpuMicrosPerRequest: number | undefined;
}

export interface ThroughputOptions {
  readonly rounds?: number;
  readonly roundMs?: number;
  readonly connections?: number;
  /** The same for all contenders. */
  readonly requests?: readonly LoadRequest[];
}

/** What a browser sends, from 256 users. */
export const browserRequests: readonly LoadRequest[] = Array.from({ length: 256 }, (_, i) => ({
  path: `/checkout/?step=${i % 3}`,
  headers: {
    host: "shop.localhost",
    "cf-connecting-ip": "203.0.113.7",
    "x-user-id": `user-${i}`,
    accept: "text/html,application/xhtml+xml",
    "accept-language": "en",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    cookie: `theme=dark; session=${String(i).padStart(32, "0")}`,
  },
}));

/** A Worker from its source file, with `BACKEND` as its only binding. */
export const workerContender = (name: string, entry: string): Contender => ({
  name,
  async start({ backendUrl, core }) {
    const bundle = await bundleRouter({ entry, deployment: "edge/deployment.json" });
    if (!bundle.ok) throw new Error(bundle.error.message);
    return startWorkerd({ port: await freePort(), code: bundle.value.code, env: { BACKEND: backendUrl }, core });
  },
});

/** The first is what the others are compared with. */
export const baselines: readonly Contender[] = [
  workerContender("bare forward", "test/bench/workers/forward.ts"),
  workerContender("forward + header rules", "test/bench/workers/forward-headers.ts"),
  workerContender("forward + header rules, Hono", "test/bench/workers/forward-hono.ts"),
];

const warmUpRounds = 2;

/** Throws where a contender answers anything but 2xx or 3xx: what it takes to fail is no figure. */
export async function benchThroughput(
  contenders: readonly Contender[],
  { rounds = 7, roundMs = 1_000, connections = 8, requests = browserRequests }: ThroughputOptions = {},
): Promise<readonly ThroughputRow[]> {
  const cores = placement();
  const closers: (() => Promise<void>)[] = [];
  try {
    const backend = await startBackend({ core: cores.others });
    closers.push(backend.close);
    const running: (RunningContender & { name: string; measured: Round[] })[] = [];
    for (const { name, start } of contenders) {
      const started = await start({ backendUrl: backend.url, core: cores.server });
      closers.push(started.close);
      running.push({ name, measured: [], ...started });
    }
    const client = await startLoadClient({ core: cores.others });
    closers.push(client.close);
    const load = { connections, durationMs: roundMs, requests };
    for (let round = -warmUpRounds; round < rounds; round++) {
      // Whoever comes first in a round does so only once in a while.
      const shift = (round + warmUpRounds) % running.length;
      for (const contender of [...running.slice(shift), ...running.slice(0, shift)]) {
        const measured = await measure(client, contender, load);
        if (round >= 0) contender.measured.push(measured);
      }
    }
    return running.map(({ name, measured }) => rowOf(name, measured));
  } finally {
    // The client goes first: a server that is closed under it would be asked again and again.
    for (const close of closers.toReversed()) await close();
  }
}

interface Round {
  readonly load: LoadResult;
  readonly cpuMicros: number | undefined;
}

async function measure(
  client: LoadClient,
  { name, url, pid }: RunningContender & { readonly name: string },
  load: { readonly connections: number; readonly durationMs: number; readonly requests: readonly LoadRequest[] },
): Promise<Round> {
  const before = cpuMicroseconds(pid);
  const result = await client.run({ url, ...load });
  const after = cpuMicroseconds(pid);
  if (result.failed > 0 || result.answered === 0) {
    throw new Error(`${name}: ${result.failed} requests failed, ${result.answered} were answered`);
  }
  return { load: result, cpuMicros: before === undefined || after === undefined ? undefined : after - before };
}

function rowOf(name: string, rounds: readonly Round[]): ThroughputRow {
  const costs = rounds.flatMap(({ load, cpuMicros }) => (cpuMicros === undefined ? [] : [cpuMicros / load.answered]));
  return {
    name,
    requestsPerSecond: median(rounds.map(({ load }) => (load.answered / load.elapsedMs) * 1_000)),
    p50Micros: median(rounds.map(({ load }) => load.p50Micros)),
    p99Micros: median(rounds.map(({ load }) => load.p99Micros)),
    cpuMicrosPerRequest: costs.length === 0 ? undefined : median(costs),
  };
}

/** Side by side, with ratios to the first row. */
export function throughputTable(rows: readonly ThroughputRow[]): Table {
  const [reference] = rows;
  return {
    columns: ["server", "requests/s", "", "p50 µs", "p99 µs", "CPU µs/request", ""],
    rows: rows.map(({ name, requestsPerSecond, p50Micros, p99Micros, cpuMicrosPerRequest: cpu }) => [
      name,
      requestsPerSecond.toFixed(0),
      ratio(requestsPerSecond, reference?.requestsPerSecond ?? 0),
      p50Micros.toFixed(0),
      p99Micros.toFixed(0),
      cpu === undefined ? "–" : cpu.toFixed(1),
      cpu === undefined ? "–" : ratio(cpu, reference?.cpuMicrosPerRequest ?? 0),
    ]),
  };
}
