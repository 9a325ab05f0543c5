/**
 * A load generator: a fixed number of keep-alive connections, each with one request at a time, for a fixed time. On bare
 * sockets, because it shares a core with the backend and must cost less than the server that it measures.
 */
import { connect, type Socket } from "node:net";

export interface LoadRequest {
  /** Path and query. */
  readonly path: string;
  /** `host` is taken from the URL where it isn't given. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  /** An origin: `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Sent in turn, over and over. */
  readonly requests: readonly LoadRequest[];
}

export interface LoadResult {
  /** Answered with 2xx or 3xx. */
  readonly answered: number;
  /** Answered with anything else, or not at all. One is enough to make a measurement worthless. */
  readonly failed: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

const answerTimeoutMs = 5_000;

/** Never throws for what the server does, and always ends: a connection that breaks is counted and not opened again. */
export async function runLoad({ url, connections, durationMs, requests }: LoadOptions): Promise<LoadResult> {
  const { hostname, port, host } = new URL(url);
  const texts = requests.map((request) => requestText(request, host));
  const latenciesMs: number[] = [];
  let failed = 0;
  let next = 0;
  let endMs = 0;

  const startMs = performance.now();
  const deadlineMs = startMs + durationMs;
  await Promise.all(
    Array.from({ length: connections }, () =>
      converse(connect({ host: hostname, port: Number(port), noDelay: true }), {
        next: () => (performance.now() < deadlineMs ? texts[next++ % texts.length] : undefined),
        answered(status, latencyMs) {
          endMs = performance.now();
          if (status >= 200 && status < 400) latenciesMs.push(latencyMs);
          else failed++;
        },
        broken: () => failed++,
      }),
    ),
  );
  latenciesMs.sort((a, b) => a - b);
  return {
    answered: latenciesMs.length,
    failed,
    elapsedMs: endMs - startMs,
    p50Micros: quantile(latenciesMs, 0.5) * 1_000,
    p99Micros: quantile(latenciesMs, 0.99) * 1_000,
  };
}

interface Conversation {
  /** The next request's text; `undefined`: there is no more time. */
  readonly next: () => string | undefined;
  readonly answered: (status: number, latencyMs: number) => void;
  readonly broken: () => void;
}

/** Resolves when the connection is closed, by whomever. */
function converse(socket: Socket, { next, answered, broken }: Conversation): Promise<void> {
  let sentMs = 0;
  let waiting = true;
  let received: Buffer | undefined;
  const send = (): void => {
    const text = next();
    waiting = text !== undefined;
    if (text === undefined) {
      socket.end();
      return;
    }
    sentMs = performance.now();
    socket.write(text);
  };
  socket.on("connect", send);
  socket.on("data", (chunk) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk]);
    const status = statusOfComplete(received);
    if (status === undefined) return;
    received = undefined;
    answered(status, performance.now() - sentMs);
    send();
  });
  socket.setTimeout(answerTimeoutMs, () => socket.destroy());
  // What went wrong shows in "close": the connection ended while an answer was due.
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.on("close", () => {
      if (waiting) broken();
      resolve();
    });
  });
}

/**
 * The status of an HTTP/1.1 response that has arrived in full, else `undefined` (RFC 9112, 6). Since a connection has one
 * request at a time, a chunked body has ended where its last chunk ends what was received.
 */
function statusOfComplete(received: Buffer): number | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = received.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isComplete =
    length !== undefined
      ? received.length >= headEnd + 4 + Number(length)
      : !/\r\ntransfer-encoding: *chunked/i.test(head) || received.subarray(-5).equals(lastChunk);
  return isComplete ? status : undefined;
}

const lastChunk = Buffer.from("0\r\n\r\n");

const requestText = ({ path, headers = {} }: LoadRequest, host: string): string =>
  [`GET ${path} HTTP/1.1`, ...Object.entries({ host, ...headers }).map(([n, v]) => `${n}: ${v}`), "", ""].join("\r\n");

/** Of sorted numbers; 0 where there are none. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const median = (numbers: readonly number[]): number =>
  quantile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
