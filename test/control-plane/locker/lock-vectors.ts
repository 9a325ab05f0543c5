/** What `test/reference/lock.py` computed: a mesh's locks through six revisions. */
import { readdirSync, readFileSync } from "node:fs";
import type { Entries, Entry, EntryKey } from "../../../shared/document/entry.ts";
import type { Digest } from "../../../shared/encoding/digest.ts";

export interface LockVector {
  readonly name: string;
  readonly entries: Entries;
  readonly files: ReadonlyMap<string, Digest>;
  readonly lock: string;
  readonly snapshot: string;
}

const folder = new URL("../../vectors/lock/", import.meta.url);
const mapOf = <K extends string, V>(json: string): Map<K, V> =>
  new Map(Object.entries(JSON.parse(json) as object)) as Map<K, V>;

/** In the order of their revisions. */
export const lockVectors: readonly LockVector[] = readdirSync(folder)
  .sort()
  .map((name) => {
    const text = (file: string): string => readFileSync(new URL(`${name}/${file}`, folder), "utf8");
    return {
      name,
      entries: mapOf<EntryKey, Entry>(text("entries.json")),
      files: mapOf<string, Digest>(text("files.json")),
      lock: text("flagmesh.lock"),
      snapshot: text("snapshot.json"),
    };
  });

export const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
export const mesh = "acme/production";
export const origin = `mesh.example.com/${mesh}`;
export const tool = "flagmesh 0.1.0";
