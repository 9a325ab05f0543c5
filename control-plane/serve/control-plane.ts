/** The control plane as a listening server: API in front, engine behind, freshness renewed beside. */
import { createAdaptorServer } from "@hono/node-server";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { err, ok, type Result } from "../../shared/result.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { createApi } from "../api/app.ts";
import { findKeys, loadAuthorities, type Authority, type ConfigurationFault } from "../deployment/authority.ts";
import type { StateDirectory } from "../deployment/state-directory.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { announcing, createHubNews } from "../publisher/hub-news.ts";
import { AnchorError, type Anchor } from "../publisher/anchor.ts";
import { createPublisher } from "../publisher/publisher.ts";
import { openSqliteAnchor } from "../publisher/sqlite-anchor.ts";
import { connectStore, type StoreAddress } from "../publisher/store-client.ts";
import { keepFresh } from "./keep-fresh.ts";

export interface ControlPlaneOptions {
  readonly directory: StateDirectory;
  readonly store: StoreAddress;
  /** 0 for any free one. */
  readonly port: number;
  readonly host?: string;
  readonly tokens: Readonly<Record<string, string>>;
  /** URLs of routers whose hubs are told of new heads. */
  readonly routers?: readonly string[];
  /** One line of JSON. */
  readonly log: (line: string) => void;
  /** Unix seconds. */
  readonly clock?: () => number;
}

export interface ControlPlane {
  readonly url: string;
  readonly engine: Engine;
  /** Refuses new requests, lets those under way finish (3 s at most), then closes the anchor. */
  readonly close: () => Promise<void>;
}

const closeGraceMs = 3_000;

const unixSeconds = (): number => Math.floor(Date.now() / 1_000);

/** Rejects where the port can't be listened on. */
export async function startControlPlane(
  options: ControlPlaneOptions,
): Promise<Result<ControlPlane, ConfigurationFault>> {
  const { directory, store, port, host = "127.0.0.1", tokens, routers = [], log, clock = unixSeconds } = options;
  const authorities = loadAuthorities(directory);
  if (!authorities.ok) return authorities;
  const opened = openAnchor(directory.files.anchor);
  if (!opened.ok) return opened;
  const anchor = opened.value;
  const policies = new Map(Array.from(authorities.value, ([mesh, authority]) => [mesh, policiesIn(authority)]));
  const publisher = createPublisher(connectStore(store), anchor, (mesh) => policies.get(mesh) ?? []);
  const engine = createEngine({
    authorities: authorities.value,
    anchor,
    publisher: announcing(publisher, anchor, createHubNews({ routers, fetch, log })),
    clock,
    randomSeed: () => Uint8Array.from(randomBytes(32)),
    rotations: {
      keysOf: (mesh, policy) => findKeys(directory, mesh, policy),
      keep(mesh, policy) {
        directory.write(directory.files.policy(mesh, policy.number), policy.text);
        policies.get(mesh)?.push(policy);
      },
    },
  });
  const server = createAdaptorServer({ fetch: createApi({ engine, tokens, log }).fetch }) as Server;
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    await anchor.close();
    throw error;
  }
  const renewal = keepFresh(engine, log);
  const address = server.address() as AddressInfo;
  return ok({
    url: `http://${host}:${address.port}`,
    engine,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      // A client that never ends its request must not keep us from ending.
      const overdue = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await renewal.stop();
      await closed;
      clearTimeout(overdue);
      await anchor.close();
    },
  });
}

const policiesIn = ({ policy, successors = [] }: Authority): MeshPolicy[] => [
  policy,
  ...successors.map((successor) => successor.policy),
];

function openAnchor(file: string): Result<Anchor, ConfigurationFault> {
  try {
    return ok(openSqliteAnchor(file));
  } catch (error) {
    if (!(error instanceof AnchorError)) throw error;
    return err({ code: "configuration_invalid", message: `${file}: ${error.message}` });
  }
}
