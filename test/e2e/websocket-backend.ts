/** The server's side of a WebSocket (RFC 6455) by hand: a handshake, short and long messages, no fragments of its own. */
import { createHash } from "node:crypto";
import type { RawConnection } from "./raw-connection.ts";

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface ServerSocket {
  readonly send: (opcode: number, payload: string | Uint8Array) => void;
}

/** Accepts the upgrade that the connection asked for. @param headers lines to add. @param hear is given each frame, unmasked */
export function acceptWebSocket(
  connection: RawConnection,
  headers: readonly string[],
  hear: (frame: Frame, socket: ServerSocket) => void,
): ServerSocket {
  const request = connection.received();
  const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["Connection: Upgrade", "Upgrade: websocket", `Sec-WebSocket-Accept: ${accept}`, ...headers];
  connection.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  const socket: ServerSocket = {
    send(opcode, payload) {
      connection.write(encodeFrame(opcode, Buffer.from(payload)));
      // The server closes first (7.1.1).
      if (opcode === opcodes.close) connection.socket.end();
    },
  };
  let pending = Buffer.from(request.slice(request.indexOf("\r\n\r\n") + 4), "latin1");
  const read = (): void => {
    for (let frame = decodeFrame(pending); frame !== undefined; frame = decodeFrame(pending)) {
      pending = pending.subarray(frame.bytes);
      hear(frame, socket);
    }
  };
  connection.socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    read();
  });
  read();
  return socket;
}

function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

/** A whole frame from the beginning of the bytes, or `undefined` where it isn't there yet. */
function decodeFrame(bytes: Buffer): (Frame & { readonly bytes: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes + 4;
  if (bytes.length < start) return undefined;
  const length = lengthBytes === 0 ? short : Number(BigInt(`0x${bytes.subarray(2, 2 + lengthBytes).toString("hex")}`));
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length)).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return { opcode: first & 0x0f, payload: Buffer.from(payload), bytes: start + length };
}
