/**
 * The embedded store's file: one header line, `flagmesh-store 1 sha256:<hex of the rest>`, then JSON, one row a key.
 * Replaced as a whole (write beside, fsync, rename), so that a crash at any point leaves the old file or the new one.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Keyspace, Value } from "./keyspace.ts";
import { firstId, idText, parseId, type StreamId } from "./stream-id.ts";

export interface StoreFileError {
  readonly code: "store_file_unreadable" | "store_file_corrupt";
  readonly message: string;
}

type Row = readonly [key: string, type: Value["type"], content: unknown, expiresAt: number | null];

const magic = "flagmesh-store 1 sha256:";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export function encodeStore(keys: Keyspace): string {
  const rows = keys.names().flatMap((key): Row[] => {
    const value = keys.get(key);
    return value === undefined ? [] : [[key, value.type, content(value), keys.expiry(key) ?? null]];
  });
  const body = JSON.stringify(rows);
  return `${magic}${sha256(body)}\n${body}`;
}

/** Fills an empty keyspace. Nothing is taken from a text whose digest is wrong. */
export function decodeStore(text: string, keys: Keyspace): Result<undefined, "corrupt"> {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== magic + sha256(body)) return err("corrupt");
  for (const [key, type, content, expiresAt] of JSON.parse(body) as Row[]) {
    keys.set(key, valueOf(type, content), expiresAt ?? undefined);
  }
  return ok(undefined);
}

/** A file that doesn't exist is an empty store. A file that isn't whole is refused, never emptied. */
export async function readStoreFile(path: string, keys: Keyspace): Promise<Result<undefined, StoreFileError>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "ENOENT") return ok(undefined);
    return err({ code: "store_file_unreadable", message: `${path} can't be read: ${(fault as Error).message}` });
  }
  if (decodeStore(text, keys).ok) return ok(undefined);
  return err({
    code: "store_file_corrupt",
    message:
      `${path} is damaged: its contents don't have the digest in its first line. Nothing was changed. ` +
      "Put a backup in its place, or move it away to start empty and republish with `flagmesh restore`.",
  });
}

/** @param move `rename`, which tests replace to stop a save at the last moment */
export async function writeStoreFile(path: string, text: string, move: typeof rename = rename): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.next`;
  const file = await open(beside, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await move(beside, path);
  await syncDirectory(dirname(path));
}

/** Makes the rename itself durable. Windows can't open a directory; its file systems journal the rename. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function content(value: Value): unknown {
  switch (value.type) {
    case "string":
      return value.text;
    case "list":
      return value.items;
    case "hash":
      return [...value.fields];
    default:
      return [idText(value.last), value.entries.map(({ id, fields }) => [idText(id), fields])];
  }
}

function valueOf(type: Value["type"], content: unknown): Value {
  switch (type) {
    case "string":
      return { type, text: content as string };
    case "list":
      return { type, items: content as string[] };
    case "hash":
      return { type, fields: new Map(content as [string, string][]) };
    default: {
      const [last, entries] = content as [string, [string, string[]][]];
      return { type, last: streamId(last), entries: entries.map(([id, fields]) => ({ id: streamId(id), fields })) };
    }
  }
}

function streamId(text: string): StreamId {
  const id = parseId(text);
  return typeof id?.seq === "bigint" ? { ms: id.ms, seq: id.seq } : firstId;
}
