/** One mesh behind two routers of the same code: in workerd itself, and in the local mesh, where miniflare stands in front. */
import { freePort } from "../free-port.ts";
import { startWorkerd, type Workerd } from "../bench/workerd-serve.ts";
import { startMesh, type TestMesh } from "./mesh.ts";
import { listen, type RawConnection, type RawServer } from "./raw-connection.ts";

/** The host that all routes are for. */
export const host = "shop.localhost";

export interface RawRequest {
  readonly connection: RawConnection;
  /** Method and target, as they came. */
  readonly line: string;
  /** Header lines, names in lower case, sorted. */
  readonly headers: readonly string[];
}

/** What a backend does with a connection once a whole header section is there; by path up to the first `?`. */
export type Answers = Record<string, (request: RawRequest) => void | Promise<void>>;

export interface ProxiedMesh {
  readonly mesh: TestMesh;
  readonly workerd: Workerd;
  /** The routers' URLs by where they run. */
  readonly urls: Readonly<Record<Runtime, string>>;
  readonly backend: RawServer;
  /** Requests that the raw backend has seen, newest last. */
  readonly requests: RawRequest[];
  readonly close: () => Promise<void>;
}

export type Runtime = "workerd" | "the local mesh";
export const runtimes = ["workerd", "the local mesh"] as const;

/** @param document YAML of backends and routes, in which BACKEND stands for the raw backend's URL */
export async function startProxiedMesh(answers: Answers, document: string): Promise<ProxiedMesh> {
  const requests: RawRequest[] = [];
  const backend = await listen(async (connection) => {
    try {
      const text = await connection.until("\r\n\r\n");
      const [line = "", ...lines] = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n");
      const headers = lines.map((header) => header.replace(/^[^:]+/, (name) => name.toLowerCase())).sort();
      const request = { connection, line: line.replace(/ HTTP\/1\.1$/, ""), headers };
      requests.push(request);
      const path = line.split(" ")[1]?.split("?")[0] ?? "";
      await (answers[path] ?? answerOk)(request);
    } catch {
      connection.destroy();
    }
  });
  const mesh = await startMesh();
  const pushed = await mesh.push(document.replaceAll("BACKEND", backend.url));
  if (pushed.status !== 201) throw new Error(await pushed.text());
  await mesh.until(({ release }) => release === 0);
  const workerd = await startWorkerd({ port: await freePort(), ...mesh.router });
  return {
    mesh,
    workerd,
    urls: { workerd: workerd.url, "the local mesh": mesh.routerUrl() },
    backend,
    requests,
    async close() {
      await workerd.close();
      await mesh.close();
      await backend.close();
    },
  };
}

const answerOk = ({ connection }: RawRequest): void =>
  connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");

/** An answer of one piece, after which the connection is closed. */
export const answer =
  (bytes: string | Uint8Array) =>
  ({ connection }: RawRequest): void => {
    connection.socket.end(bytes, "latin1");
  };
