/** What the contract runs against: each behind Upstash's wire format, or the reason why it can't run here. */
import { Redis } from "@upstash/redis";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { openRedisStore } from "../../../control-plane/bridge/redis-store.ts";
import { startBridge, type BridgeServer } from "../../../control-plane/bridge/start.ts";
import type { RedisStore } from "../../../control-plane/bridge/store.ts";
import { publishScript } from "../../../control-plane/publisher/publish-script.ts";
import { hasRedisServer, startRedisServer } from "./redis-server.ts";

export interface Endpoint {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  /** Why it can't run here. */
  readonly missing?: string;
  open(): Promise<Endpoint>;
}

export const fullToken = "full-token";
export const edgeToken = "edge-token";
export const edgePattern = "flagmesh:*:pub:*";

export const startTestBridge = (store: RedisStore, requestBytesMax?: number): Promise<BridgeServer> =>
  startBridge({
    port: 0,
    store,
    tokens: [{ token: fullToken }, { token: edgeToken, readOnlyPattern: edgePattern }],
    ...(requestBytesMax === undefined ? {} : { requestBytesMax }),
  });

const environment = process.env;

export const embedded: Backend = {
  name: "the embedded store",
  async open() {
    const bridge = await startTestBridge(createEmbeddedStore({ now: Date.now, scripts: [publishScript] }));
    return { ...bridge, token: fullToken };
  },
};

export const realRedis: Backend = {
  name: "a real Redis",
  ...(environment["REDIS_URL"] || hasRedisServer ? {} : { missing: "no REDIS_URL, and no redis-server on PATH" }),
  async open() {
    const given = environment["REDIS_URL"];
    const server = given ? undefined : await startRedisServer();
    const bridge = await startTestBridge(await openRedisStore({ url: given ?? server?.url ?? "" }));
    return {
      url: bridge.url,
      token: fullToken,
      async close() {
        await bridge.close();
        await server?.close();
      },
    };
  },
};

export const upstash: Backend = {
  name: "Upstash itself",
  ...(environment["UPSTASH_REDIS_REST_URL"]
    ? {}
    : { missing: "no UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN" }),
  open: () =>
    Promise.resolve({
      url: environment["UPSTASH_REDIS_REST_URL"] ?? "",
      token: environment["UPSTASH_REDIS_REST_TOKEN"] ?? "",
      close: () => Promise.resolve(),
    }),
};

/** The client as the router and the control plane set it up. */
export const clientOf = (
  { url, token }: { readonly url: string; readonly token: string },
  options: { readonly responseEncoding?: false; readonly enableAutoPipelining?: false } = {},
): Redis =>
  new Redis({ url, token, automaticDeserialization: false, enableTelemetry: false, retry: false, ...options });
