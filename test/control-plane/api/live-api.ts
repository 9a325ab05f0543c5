/** A control plane that listens, over a bridge that listens, with all that it answers and logs kept to be looked through. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { startBridge } from "../../../control-plane/bridge/start.ts";
import type { RedisStore } from "../../../control-plane/bridge/store.ts";
import { newToken } from "../../../control-plane/deployment/bootstrap.ts";
import { createMesh } from "../../../control-plane/deployment/create-mesh.ts";
import { openStateDirectory, type StateDirectory } from "../../../control-plane/deployment/state-directory.ts";
import type { SigningKey } from "../../../control-plane/keys/signing-key.ts";
import { publishScript } from "../../../control-plane/publisher/publish-script.ts";
import { startControlPlane, type ControlPlane } from "../../../control-plane/serve/control-plane.ts";
import type { MeshId } from "../../../shared/document/mesh-id.ts";
import { encodeVkey } from "../../../shared/trust/vkey.ts";
import { deployment } from "../engine/test-authority.ts";

export const mesh = "acme/production" as MeshId;
export const actor = "ada";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: Record<string, unknown>;
}

export interface LiveApi {
  readonly url: string;
  readonly directory: StateDirectory;
  readonly token: string;
  readonly storeToken: string;
  readonly store: RedisStore;
  readonly controlPlane: ControlPlane;
  readonly logged: readonly string[];
  readonly answers: readonly Answer[];
  /** @param path behind the mesh's own, or from the root where it begins with `//` */
  readonly call: (method: string, path: string, init?: RequestInit) => Promise<Answer>;
  readonly push: (body: string | Bundle, headers?: Record<string, string>) => Promise<Answer>;
  readonly stopStore: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Bundle {
  readonly files: Readonly<Record<string, string>>;
  readonly lock?: string;
}

export interface LiveOptions {
  readonly approvers?: { readonly threshold: number; readonly keys: readonly SigningKey[] };
  readonly clock?: () => number;
  readonly store?: RedisStore;
}

export async function startApi({ approvers, clock, store = memoryStore() }: LiveOptions = {}): Promise<LiveApi> {
  const directory = openStateDirectory(mkdtempSync(join(tmpdir(), "flagmesh-api-")));
  const made = createMesh(directory, {
    deployment,
    mesh,
    hosts: ["shop.example.com"],
    endpointHosts: ["*.example.com"],
    bindings: ["SEARCH"],
    ...(approvers === undefined
      ? {}
      : { approvers: { threshold: approvers.threshold, keys: approvers.keys.map(({ vkey }) => encodeVkey(vkey)) } }),
  });
  if (!made.ok) throw new Error(made.error.message);
  const [token, storeToken] = [newToken("admin"), newToken("store")];
  const bridge = await startBridge({ port: 0, store, tokens: [{ token: storeToken }] });
  const logged: string[] = [];
  const started = await startControlPlane({
    directory,
    store: { url: bridge.url, token: storeToken },
    port: 0,
    tokens: { [actor]: token },
    log: (line) => logged.push(line),
    ...(clock === undefined ? {} : { clock }),
  });
  if (!started.ok) throw new Error(started.error.message);
  const controlPlane = started.value;
  const answers: Answer[] = [];
  let stopping: Promise<void> | undefined;
  const stopStore = (): Promise<void> => (stopping ??= bridge.close());

  async function call(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const where = path.startsWith("//") ? path.slice(1) : `/v1/meshes/${mesh}${path}`;
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(controlPlane.url + where, { ...init, method, headers });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text, body: objectIn(text) };
    answers.push(answer);
    return answer;
  }

  return {
    url: controlPlane.url,
    directory,
    token,
    storeToken,
    store,
    controlPlane,
    logged,
    answers,
    call,
    push: (body, headers = {}) =>
      call("POST", "/releases", {
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": typeof body === "string" ? "application/yaml" : "application/json", ...headers },
      }),
    stopStore,
    async close() {
      await controlPlane.close();
      await stopStore();
      rmSync(directory.path, { recursive: true, force: true });
    },
  };
}

export const memoryStore = (): RedisStore => createEmbeddedStore({ now: Date.now, scripts: [publishScript] });

function objectIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** As `flagmesh push` sends it. */
export const bundleOf = (document: string, lock?: string): Bundle => ({
  files: { "mesh.yaml": document },
  ...(lock === undefined ? {} : { lock }),
});
