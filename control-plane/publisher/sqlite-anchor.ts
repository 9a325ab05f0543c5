/** The anchor as a SQLite file, for one control plane. Nobody but its owner can read it: it holds locks, with their seeds. */
import { chmodSync, closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { err, ok } from "../../shared/result.ts";
import { AnchorError, type Anchor, type AnchoredRelease, type SignedRelease } from "./anchor.ts";

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

const ownerOnly = 0o600;
const busyTimeoutMs = 5_000;

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

/** @param file path of the database, or `:memory:`. Throws an `AnchorError` where it can't be opened. */
export function openSqliteAnchor(file: string): Anchor {
  const database = attempt(() => open(file));
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

  /** All of it or nothing, and nobody else in between. */
  function transaction<T>(work: () => T): T {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } finally {
      if (database.isTransaction) database.exec("ROLLBACK");
    }
  }

  return {
    newest: async (mesh) => attempt(() => newest(mesh)),
    releases: async (mesh, from, to) =>
      attempt(() => (selectRange.all(mesh, from, to) as unknown as Row[]).map(fromRow)),
    append: async (mesh, before, sign, blobs) =>
      attempt(() =>
        transaction(() => {
          const current = newest(mesh);
          if (current?.size !== before?.size || current?.root !== before?.root) {
            if (current !== undefined) return err(current);
            throw new AnchorError("anchor_damaged", `the anchor lost the log of ${mesh}`);
          }
          const release = sign();
          const { size, root, head, statement, leaf, event } = release;
          for (const [key, value] of blobs) insertBlob.run(mesh, key, value);
          insertRelease.run(mesh, size, root, head, statement, leaf, event);
          return ok<SignedRelease>(release);
        }),
      ),
    markPublished: async (mesh, size) => attempt(() => void updatePublished.run(mesh, size)),
    blob: async (mesh, key) => attempt(() => blob(mesh, key)),
    async *blobs(mesh) {
      for (const { key } of attempt(() => selectBlobKeys.all(mesh) as { key: string }[])) {
        const value = attempt(() => blob(mesh, key));
        if (value !== undefined) yield [key, value];
      }
    },
    close: async () => database.close(),
  };
}

function open(file: string): DatabaseSync {
  if (file !== ":memory:") {
    // SQLite would make it readable by all, and gives its log files the permissions that it has.
    closeSync(openSync(file, "a", ownerOnly));
    chmodSync(file, ownerOnly);
  }
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(schema);
  return database;
}

/** A failure of SQLite or the file system is an `AnchorError`; what was thrown by the caller's own function passes. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AnchorError || !isSystemError(error)) throw error;
    const damaged = error.errcode !== undefined && damageCodes.has(error.errcode);
    throw new AnchorError(
      damaged ? "anchor_damaged" : "anchor_unavailable",
      `the anchor can't be used: ${error.message}`,
      { cause: error },
    );
  }
}

interface SystemError extends NodeJS.ErrnoException {
  /** SQLite's result code. */
  readonly errcode?: number;
}

const isSystemError = (error: unknown): error is SystemError => error instanceof Error && "code" in error;

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const damageCodes = new Set([11, 26]);
