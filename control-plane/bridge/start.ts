/** The bridge as a listening server. */
import { createAdaptorServer } from "@hono/node-server";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createBridge, type BridgeOptions } from "./bridge.ts";

export interface BridgeServerOptions extends Omit<BridgeOptions, "signal"> {
  /** 0 for any free one. */
  readonly port: number;
  readonly host?: string;
}

export interface BridgeServer {
  readonly url: string;
  /** Refuses new requests, ends event streams, lets other requests end, then closes the store. */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, so that none is closed under a request that is on its way. */
const keepAliveMs = 75_000;

/** How long a request may still run when the bridge closes. */
const drainMs = 3_000;
const sweepMs = 20;

/** Rejects where the address can't be listened on. The store is the bridge's from then on. */
export async function startBridge({
  port,
  host = "127.0.0.1",
  ...options
}: BridgeServerOptions): Promise<BridgeServer> {
  const closing = new AbortController();
  const { fetch } = createBridge({ ...options, signal: closing.signal });
  const server = createAdaptorServer({ fetch }) as Server;
  server.keepAliveTimeout = keepAliveMs;
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const hostname = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${hostname}:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      closing.abort();
      // A connection whose request ends after `close` is kept alive by Node, and would keep the server.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
      const impatience = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(impatience);
      await options.store.close();
    },
  };
}
