/** Bodies pass piece by piece, both ways, in constant memory, and an end on one side is an end on the other. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { host, runtimes, startProxiedMesh, type ProxiedMesh, type RawRequest } from "./proxied-mesh.ts";
import { connectTo, type RawConnection } from "./raw-connection.ts";

const mebibyte = 1024 * 1024;
const bigBytes = 64 * mebibyte;
const piece = Buffer.alloc(mebibyte / 4, "x");
const okHeader = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

/** The newest request at the backend, which the test itself answers. */
let arrived: Promise<RawRequest>;
let arrive: (request: RawRequest) => void;
let proxied: ProxiedMesh;

const byHand = (request: RawRequest): void => arrive(request);

async function sendBig({ connection }: RawRequest): Promise<void> {
  connection.write(`${okHeader}Content-Length: ${bigBytes}\r\n\r\n`);
  for (let sent = 0; sent < bigBytes; sent += piece.length) {
    if (!connection.socket.write(piece)) await new Promise((resolve) => connection.socket.once("drain", resolve));
  }
}

beforeAll(async () => {
  proxied = await startProxiedMesh(
    { "/by-hand": byHand, "/big": sendBig },
    `
mesh: acme/production
settings: { identity: [{ header: x-user-id }] }
backends: { raw: { endpoints: [{ url: "BACKEND" }] } }
routes: { all: { match: { host: ${host} }, backend: raw } }
`,
  );
});

afterAll(async () => {
  await proxied.close();
});

beforeEach(() => {
  arrived = new Promise((resolve) => (arrive = resolve));
});

/** How much passes until nothing has for a while. */
async function untilStalled(bytes: () => number): Promise<number> {
  let before = -1;
  while (bytes() !== before) {
    before = bytes();
    await delay(250);
  }
  return before;
}

function send(url: string, line: string, headers: readonly string[] = []): RawConnection {
  const connection = connectTo(url);
  connection.write([`${line} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...headers, "\r\n"].join("\r\n"));
  return connection;
}

describe.each(runtimes)("in %s", (runtime) => {
  const open = (line: string, headers?: readonly string[]): RawConnection => send(proxied.urls[runtime], line, headers);

  test("each piece of a response arrives before the next one is sent", async () => {
    const client = open("GET /by-hand");
    const { connection } = await arrived;
    connection.write(`${okHeader}Transfer-Encoding: chunked\r\n\r\n`);
    for (const text of ["one", "two", "three"]) {
      connection.write(`${text.length.toString(16)}\r\n${text}\r\n`);
      await client.until(text);
    }
    connection.write("0\r\n\r\n");
    await client.closed;
    expect(client.received()).toMatch(/0\r\n\r\n$/);
  });

  test("events of a stream arrive one by one, and an open stream stays open", async () => {
    const client = open("GET /by-hand", ["Accept: text/event-stream"]);
    const { connection } = await arrived;
    connection.write(`${okHeader}Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n`);
    for (let id = 1; id <= 3; id++) {
      connection.write(`id: ${id}\ndata: event ${id}\n\n`);
      await client.until(`data: event ${id}\n\n`);
      expect(client.received()).not.toContain(`data: event ${id + 1}`);
    }
    expect(client.received()).toMatch(/content-type: text\/event-stream/i);
    client.reset();
    await expect(connection.closed).resolves.toBeUndefined();
  });

  test("each piece of a request arrives before the next one is sent, and is answered before its end", async () => {
    const client = open("POST /by-hand", ["Transfer-Encoding: chunked"]);
    client.write("3\r\none\r\n");
    const { connection } = await arrived;
    await connection.until("one");
    connection.write(`${okHeader}Transfer-Encoding: chunked\r\n\r\n`);
    for (const text of ["two", "four"]) {
      client.write(`${text.length}\r\n${text}\r\n`);
      await connection.until(text);
      connection.write(`${text.length + 5}\r\necho ${text}\r\n`);
      await client.until(`echo ${text}`);
    }
    client.write("0\r\n\r\n");
    await connection.until("0\r\n\r\n");
    connection.write("0\r\n\r\n");
    await client.closed;
    expect(client.received()).toMatch(/echo four\r\n0\r\n\r\n$/);
  });

  test("a client that goes away before the answer takes its request along", async () => {
    const client = open("GET /by-hand");
    const { connection } = await arrived;
    client.reset();
    await expect(connection.closed).resolves.toBeUndefined();
  });

  test("a client that goes away while it is answered does too", async () => {
    const client = open("GET /by-hand");
    const { connection } = await arrived;
    connection.write(`${okHeader}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`);
    await client.until("one");
    client.destroy();
    // A sender notices when it sends.
    const sending = setInterval(() => connection.write("3\r\ntwo\r\n"), 20);
    await expect(connection.closed).resolves.toBeUndefined();
    clearInterval(sending);
  });

  test("a client that goes away while it sends its body does too", async () => {
    const client = open("POST /by-hand", ["Content-Length: 1000000"]);
    client.write("some");
    const { connection } = await arrived;
    await connection.until("some");
    client.destroy();
    await expect(connection.closed).resolves.toBeUndefined();
  });

  test.each([
    ["a length", "Content-Length: 100\r\n\r\nsome", /some$/],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n", /some\r\n$/],
  ])("an answer with %s that a backend breaks off is no complete one for the client", async (_, rest, end) => {
    const client = open("GET /by-hand");
    const { connection } = await arrived;
    connection.write(okHeader + rest);
    await client.until("some");
    connection.socket.resetAndDestroy();
    await client.closed;
    expect(client.received()).toMatch(end);
  });

  test("a backend that answers before it has read the body is heard", async () => {
    const client = open("POST /by-hand", ["Content-Length: 1000000"]);
    client.write("some");
    const { connection } = await arrived;
    connection.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    await client.until("\r\n\r\nbig");
    expect(client.received()).toMatch(/^HTTP\/1.1 413 /);
    client.destroy();
  });
});

describe("64 MiB", () => {
  test("come down as fast as the client reads, and are not kept for it", async () => {
    const { socket } = send(proxied.urls.workerd, "GET /big");
    socket.pause();
    const before = proxied.requests.length;
    while (proxied.requests.length === before) await delay(5);
    const sender = proxied.requests.at(-1)?.connection.socket;
    const stalled = await untilStalled(() => sender?.bytesWritten ?? 0);
    expect(stalled).toBeLessThan(bigBytes / 4);
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(socket.bytesRead).toBeGreaterThan(bigBytes);
  });

  test("go up as fast as the backend reads, and are not kept for it", async () => {
    const { socket } = send(proxied.urls.workerd, "POST /by-hand", [`Content-Length: ${bigBytes}`]);
    const { connection } = await arrived;
    const receiver = connection.socket;
    receiver.removeAllListeners("data");
    receiver.pause();
    let left = bigBytes;
    const sendMore = (): void => {
      while (left > 0) {
        left -= piece.length;
        if (!socket.write(piece)) return void socket.once("drain", sendMore);
      }
    };
    sendMore();
    const stalled = await untilStalled(() => bigBytes - left);
    expect(stalled).toBeLessThan(bigBytes / 4);
    receiver.resume();
    while (receiver.bytesRead < bigBytes) await delay(10);
    connection.write(`${okHeader}Content-Length: 2\r\n\r\nok`);
    await new Promise((resolve) => socket.resume().once("close", resolve));
  });
});
