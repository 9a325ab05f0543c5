/**
 * An isolate's line to its mesh's hub: a WebSocket that is opened beside a request, closed by itself before the platform
 * would end it, and opened again beside a later one. The hub says its newest head first, so nothing is missed in between.
 */
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Announcement, Hub, News, Told } from "../hub/hub.ts";
import { policyReader } from "./policy-texts.ts";
import type { Store } from "./store.ts";

export interface HubLink {
  /** Whether a line is open: then the isolate hears of new heads by itself. */
  readonly isLive: () => boolean;
  /** Whether it is time to open one. */
  readonly isDue: (nowMs: number) => boolean;
  /** Opens a line, and resolves when it has ended. Never rejects. @param hear is called for each announcement, in order */
  readonly listen: (nowMs: number, hear: (announcement: Announcement) => Promise<void>) => Promise<void>;
  /** The hub's verified copy as a store; `undefined` where it has none. May throw. */
  readonly copy: () => Promise<Store | undefined>;
  readonly tell: (news: News) => Promise<Told>;
}

export type HubNamespace = DurableObjectNamespace<Hub>;

/** `waitUntil` work ends 30 s after its response. */
const lineMs = 25_000;
const retryMs = 2_000;

/** @param sleep resolves after so many milliseconds */
export function createHubLink(namespace: HubNamespace, mesh: MeshId, sleep: (ms: number) => Promise<void>): HubLink {
  // A stub belongs to the request that made it.
  const hub = () => namespace.get(namespace.idFromName(mesh));
  let liveUntilMs = 0;
  let nextAtMs = 0;
  let live = false;
  return {
    isLive: () => live,
    isDue: (nowMs) => nowMs >= nextAtMs && nowMs >= liveUntilMs,
    async listen(nowMs, hear) {
      // Taken before the first wait, so that no other request opens a second line.
      liveUntilMs = nowMs + lineMs;
      try {
        const response = await hub().fetch("https://hub.flagmesh.invalid/", { headers: { upgrade: "websocket" } });
        const socket = response.webSocket;
        if (socket === null) throw new Error(`the hub answered ${response.status}`);
        await Promise.race([ended(socket, hear, () => (live = true)), sleep(lineMs)]);
        socket.close();
      } catch {
        nextAtMs = nowMs + retryMs;
      } finally {
        live = false;
        liveUntilMs = 0;
      }
    },
    async copy() {
      const found = await hub().copy();
      if (found === undefined) return undefined;
      const { head, fresh, policies, snapshot } = found;
      return {
        candidate: async () => ({ head, fresh }),
        leaves: async () => [],
        statements: async () => [],
        policy: policyReader(policies),
        snapshot: async () => snapshot,
      };
    },
    tell: (news) => hub().tell(mesh, news),
  };
}

function ended(
  socket: WebSocket,
  hear: (announcement: Announcement) => Promise<void>,
  opened: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    let heard = Promise.resolve();
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return;
      heard = heard.then(() => hear(JSON.parse(data) as Announcement)).catch(() => {});
    });
    socket.addEventListener("close", () => resolve());
    socket.addEventListener("error", () => resolve());
    socket.accept();
    opened();
  });
}
