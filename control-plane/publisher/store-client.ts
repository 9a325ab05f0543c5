/** The control plane's client of Redis: exact bytes, commands in order, and a short patience. */
import { Redis } from "@upstash/redis";

export interface StoreAddress {
  readonly url: string;
  readonly token: string;
}

const timeoutMs = 5_000;

export function connectStore({ url, token }: StoreAddress): Redis {
  return new Redis({
    url,
    token,
    automaticDeserialization: false,
    // Blobs must be written before what refers to them: an automatic pipeline knows no order between reads and writes.
    enableAutoPipelining: false,
    enableTelemetry: false,
    retry: { retries: 1, backoff: () => 100 },
    signal: () => AbortSignal.timeout(timeoutMs),
  });
}
