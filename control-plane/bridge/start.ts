/** The bridge as a listening server. */
import { createAdaptorServer } from "@hono/node-server";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createBridge, type BridgeOptions } from "./bridge.ts";

export interface BridgeServerOptions extends BridgeOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly host?: string;
}

export interface BridgeServer {
  readonly url: string;
  /** Ends event streams, refuses new requests, then closes the store. */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, so that none is closed under a request that is on its way. */
const keepAliveMs = 75_000;

/** Rejects where the address can't be listened on. The store is the bridge's from then on. */
export async function startBridge({
  port,
  host = "127.0.0.1",
  ...options
}: BridgeServerOptions): Promise<BridgeServer> {
  const server = createAdaptorServer({ fetch: createBridge(options).fetch }) as Server;
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
      server.closeAllConnections();
      await closed;
      await options.store.close();
    },
  };
}
