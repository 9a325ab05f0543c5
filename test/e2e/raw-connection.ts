/** HTTP/1.1 by hand, over a socket: what a client or a server sends is bytes, and nothing else is added. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

const patienceMs = 10_000;

export interface RawConnection {
  readonly write: (text: string | Uint8Array) => void;
  /** All that was received, as Latin-1, once it holds this text; fails after a while. */
  readonly until: (text: string) => Promise<string>;
  readonly received: () => string;
  /** Resolves when the other side has ended or reset the connection. */
  readonly closed: Promise<void>;
  readonly destroy: () => void;
  /** To workerd a FIN alone only says that nothing more is sent; a RST says that nobody listens. */
  readonly reset: () => void;
  readonly socket: Socket;
}

export function rawConnection(socket: Socket): RawConnection {
  let received = "";
  let wake: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      resolve();
      wake?.();
    });
  });
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    wake?.();
  });
  socket.on("error", () => {});
  return {
    socket,
    closed,
    received: () => received,
    destroy: () => socket.destroy(),
    reset: () => socket.resetAndDestroy(),
    write(text) {
      socket.write(text);
    },
    async until(text) {
      const timeout = setTimeout(() => wake?.(), patienceMs);
      const deadline = Date.now() + patienceMs;
      while (!received.includes(text)) {
        if (socket.closed || Date.now() >= deadline) {
          throw new Error(`${JSON.stringify(text)} didn't come, but ${JSON.stringify(received.slice(-2_000))}`);
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
      clearTimeout(timeout);
      return received;
    },
  };
}

/** @param url of which only host and port count */
export const connectTo = (url: string): RawConnection => {
  const { hostname, port } = new URL(url);
  return rawConnection(connect(Number(port), hostname));
};

export interface RawAnswer {
  readonly status: number;
  /** Header lines as they came, names in lower case. */
  readonly headers: readonly string[];
  /** Everything behind the header section. */
  readonly body: string;
}

/** Sends bytes that ask for the connection to be closed, and reads to its end. */
export async function exchange(url: string, bytes: string): Promise<RawAnswer> {
  const connection = connectTo(url);
  connection.write(Buffer.from(bytes, "latin1"));
  const timeout = setTimeout(connection.destroy, patienceMs);
  await connection.closed;
  clearTimeout(timeout);
  return parseAnswer(connection.received());
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  return {
    status: Number(statusLine.split(" ")[1]),
    headers: lines.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase())),
    body: text.slice(end + 4),
  };
}

export interface RawServer {
  readonly url: string;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** @param serve is given each connection as it comes */
export async function listen(serve: (connection: RawConnection) => void): Promise<RawServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serve(rawConnection(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
