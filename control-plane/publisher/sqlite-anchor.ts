/** The anchor as a SQLite file, for one control plane. */
import { DatabaseSync } from "node:sqlite";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok } from "../../shared/result.ts";
import type { Anchor, AnchoredRelease } from "./anchor.ts";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS releases (
    mesh TEXT NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL, head TEXT NOT NULL, statement TEXT NOT NULL,
    leaf TEXT NOT NULL, event TEXT NOT NULL, published INTEGER NOT NULL,
    PRIMARY KEY (mesh, size)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blobs (
    mesh TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (mesh, key)
  ) STRICT;
`;

type Row = Omit<AnchoredRelease, "published"> & { readonly published: number };

const fromRow = ({ size, root, head, statement, leaf, event, published }: Row): AnchoredRelease => ({
  size,
  root,
  head,
  statement,
  leaf,
  event,
  published: published === 1,
});

/** @param file path of the database, or `:memory:` */
export function openSqliteAnchor(file: string): Anchor {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(schema);
  const selectNewest = database.prepare("SELECT * FROM releases WHERE mesh = ? ORDER BY size DESC LIMIT 1");
  const selectRange = database.prepare(
    "SELECT * FROM releases WHERE mesh = ? AND size > ? AND size <= ? ORDER BY size",
  );
  const insertRelease = database.prepare("INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?, ?, 0)");
  const insertBlob = database.prepare("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)");
  const updatePublished = database.prepare("UPDATE releases SET published = 1 WHERE mesh = ? AND size <= ?");
  const selectBlob = database.prepare("SELECT value FROM blobs WHERE mesh = ? AND key = ?");
  const selectBlobKeys = database.prepare("SELECT key FROM blobs WHERE mesh = ? ORDER BY key");

  const newest = (mesh: MeshId): AnchoredRelease | undefined => {
    const row = selectNewest.get(mesh) as Row | undefined;
    return row === undefined ? undefined : fromRow(row);
  };
  const blob = (mesh: MeshId, key: string): string | undefined =>
    (selectBlob.get(mesh, key) as { value: string } | undefined)?.value;

  return {
    newest: async (mesh) => newest(mesh),
    releases: async (mesh, from, to) => (selectRange.all(mesh, from, to) as unknown as Row[]).map(fromRow),
    async append(mesh, release, blobs) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const current = newest(mesh);
        if (current !== undefined && current.size !== release.size - 1) {
          database.exec("ROLLBACK");
          return err(current);
        }
        if (current === undefined && release.size !== 1) throw new Error("a log begins with its first release");
        const { size, root, head, statement, leaf, event } = release;
        for (const [key, value] of blobs) insertBlob.run(mesh, key, value);
        insertRelease.run(mesh, size, root, head, statement, leaf, event);
        database.exec("COMMIT");
        return ok(undefined);
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    async markPublished(mesh, size) {
      updatePublished.run(mesh, size);
    },
    blob: async (mesh, key) => blob(mesh, key),
    async *blobs(mesh) {
      for (const { key } of selectBlobKeys.all(mesh) as { key: string }[]) {
        const value = blob(mesh, key);
        if (value !== undefined) yield [key, value];
      }
    },
    async close() {
      database.close();
    },
  };
}
