/** Upstash's REST wire format: command lines out of requests, replies into JSON. */
import type { Json } from "../../shared/encoding/json.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { failed, isErrorReply, type CommandLine, type ErrorReply, type Reply } from "./store.ts";

const notACommand = failed("ERR failed to parse command: a JSON array of strings, numbers and booleans is wanted");
const notCommands = failed("ERR failed to parse pipeline request: a JSON array of commands is wanted");

export const parseCommand = (body: string): Result<CommandLine, ErrorReply> => commandLine(parseJson(body));

export function parseCommands(body: string): Result<readonly CommandLine[], ErrorReply> {
  const rows = parseJson(body);
  if (!Array.isArray(rows) || rows.length === 0) return err(notCommands);
  const lines: CommandLine[] = [];
  for (const row of rows) {
    const line = commandLine(row);
    if (!line.ok) return line;
    lines.push(line.value);
  }
  return ok(lines);
}

/** `/set/key/value?EX=60`, or `/set/key?EX=60` with the value as the body. */
export function parsePath(segments: readonly string[], query: URLSearchParams, body: string): CommandLine {
  const options = [...query].flatMap(([name, value]) => (value === "" ? [name] : [name, value]));
  return [...segments, ...(body === "" ? [] : [body]), ...options];
}

/** `undefined` where a segment isn't percent-encoded UTF-8. */
export function pathSegments(pathname: string): readonly string[] | undefined {
  const words = pathname.replace(/^\//, "").replace(/\/$/, "");
  try {
    return words === "" ? [] : words.split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

export type Answer = { readonly result: Json } | { readonly error: string };

export const answer = (reply: Reply, base64: boolean): Answer =>
  isErrorReply(reply) ? { error: reply.error } : { result: reply === "OK" ? reply : encode(reply, base64) };

/** Within arrays "OK" is encoded like any string: the client decodes it there. */
function encode(reply: Reply, base64: boolean): Json {
  if (reply === null || typeof reply === "number") return reply;
  if (typeof reply === "string") return base64 ? Buffer.from(reply, "utf8").toString("base64") : reply;
  if (reply instanceof Uint8Array) {
    return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString(base64 ? "base64" : "utf8");
  }
  return isErrorReply(reply) ? encode(reply.error, base64) : reply.map((item) => encode(item, base64));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function commandLine(value: unknown): Result<CommandLine, ErrorReply> {
  if (!Array.isArray(value) || value.length === 0) return err(notACommand);
  const words: string[] = [];
  for (const word of value as unknown[]) {
    if (typeof word !== "string" && typeof word !== "number" && typeof word !== "boolean") return err(notACommand);
    words.push(String(word).toWellFormed());
  }
  return ok(words);
}
