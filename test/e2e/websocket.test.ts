/** WebSockets (RFC 6455) pass the router both ways, from the handshake to the close. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, host, runtimes, startProxiedMesh, type ProxiedMesh, type RawRequest } from "./proxied-mesh.ts";
import { connectTo, parseAnswer } from "./raw-connection.ts";
import { acceptWebSocket, opcodes, type Frame } from "./websocket-backend.ts";

let proxied: ProxiedMesh;
/** Frames that the backend heard, newest last. */
const heard: Frame[] = [];

const echo = ({ connection }: RawRequest): void => {
  const protocol = /^sec-websocket-protocol: ([^,\r]*)/im.exec(connection.received())?.[1];
  const headers = [
    "Set-Cookie: a=1",
    "X-Kept: 1",
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  const socket = acceptWebSocket(connection, headers, (frame, { send }) => {
    heard.push(frame);
    if (frame.payload.toString() === "close please")
      send(opcodes.close, Buffer.from([0x0f, 0xa1, ...Buffer.from("as asked")]));
    else if (frame.opcode === opcodes.text || frame.opcode === opcodes.binary || frame.opcode === opcodes.close) {
      send(frame.opcode, frame.payload);
    }
  });
  socket.send(opcodes.text, "welcome");
};

beforeAll(async () => {
  proxied = await startProxiedMesh(
    {
      "/echo": echo,
      "/refused": answer("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"),
    },
    // With debug headers: a 101 stays as it is even where responses are changed.
    `
mesh: acme/production
settings: { identity: [{ cookie: id }], debugHeaders: true }
backends: { raw: { endpoints: [{ url: "BACKEND" }] } }
routes: { all: { match: { host: ${host} }, backend: raw }, here: { match: { host: 127.0.0.1 }, backend: raw } }
`,
  );
});

afterAll(async () => {
  await proxied.close();
});

const closeOf = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => socket.addEventListener("close", resolve));

describe.each(runtimes)("in %s", (runtime) => {
  const messages = new WeakMap<WebSocket, unknown[]>();
  const open = async (path: string, protocols: string[] = []): Promise<WebSocket> => {
    const socket = new WebSocket(proxied.urls[runtime].replace("http:", "ws:") + path, protocols);
    socket.binaryType = "arraybuffer";
    const received: unknown[] = [];
    messages.set(socket, received);
    socket.addEventListener("message", ({ data }) => received.push(data));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return socket;
  };
  const next = async (socket: WebSocket): Promise<unknown> => {
    const received = messages.get(socket) ?? [];
    while (received.length === 0)
      await new Promise((resolve) => socket.addEventListener("message", resolve, { once: true }));
    return received.shift();
  };
  test("messages pass both ways, whoever speaks first, whatever their size and kind", async () => {
    const socket = await open("/echo?room=1");
    expect(await next(socket)).toBe("welcome");
    for (const text of ["", "hello", "größe ✓", "x".repeat(125), "x".repeat(126), "x".repeat(70_000)]) {
      socket.send(text);
      expect(await next(socket)).toBe(text);
    }
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 256);
    socket.send(bytes);
    expect(new Uint8Array((await next(socket)) as ArrayBuffer)).toEqual(bytes);
    const closed = closeOf(socket);
    socket.close(3999, "bye");
    const { code } = await closed;
    expect(code).toBe(3999);
    expect(heard.at(-1)?.payload).toEqual(Buffer.from([0x0f, 0x9f, ...Buffer.from("bye")]));
    expect(proxied.requests.at(-1)?.line).toBe("GET /echo?room=1");
  });

  test("a subprotocol is agreed on between client and backend", async () => {
    const socket = await open("/echo", ["second", "first"]);
    expect(socket.protocol).toBe("second");
    socket.close();
    await closeOf(socket);
  });

  test("a backend's close reaches the client with its code and reason", async () => {
    const socket = await open("/echo");
    const closed = closeOf(socket);
    socket.send("close please");
    const { code, reason } = await closed;
    expect([code, reason]).toEqual([4001, "as asked"]);
  });

  test("a client that is gone closes the backend's side", async () => {
    const client = connectTo(proxied.urls[runtime]);
    client.write(handshake("/echo"));
    await client.until("welcome");
    client.destroy();
    await expect(proxied.requests.at(-1)?.connection.closed).resolves.toBeUndefined();
  });

  test("the 101 itself comes as the backend sent it", async () => {
    const client = connectTo(proxied.urls[runtime]);
    client.write(handshake("/echo"));
    const text = await client.until("welcome");
    client.destroy();
    const head = text.slice(0, text.indexOf("\r\n\r\n")).toLowerCase();
    expect(head).toMatch(/^http\/1.1 101 /);
    expect(head).toContain("x-kept: 1");
    expect(head).not.toContain("x-flagmesh");
  });

  test("a refused upgrade is an ordinary answer", async () => {
    const client = connectTo(proxied.urls[runtime]);
    client.write(handshake("/refused"));
    const { status, body } = parseAnswer(await client.until("\r\n\r\nno"));
    client.destroy();
    expect([status, body]).toEqual([403, "no"]);
  });
});

const handshake = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
