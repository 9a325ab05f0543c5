/** What a hub keeps on disk: the head that it believes, all it takes to believe it again, and evidence of forks. */
import type { VerifiedRelease } from "../../shared/acceptance/verified-release.ts";
import { toBase64 } from "../../shared/encoding/bytes.ts";
import type { Digest } from "../../shared/encoding/digest.ts";
import { policyReader } from "../source/policy-texts.ts";
import type { Store } from "../source/store.ts";

/** A row of a Durable Object's SQLite holds at most 2 MB; a character may take 3 bytes. */
const chunkChars = 500_000;
/** Each is two signed notes; more than a few say nothing new. */
const evidenceMax = 16;

interface Watermark {
  /** Digest of the first policy, which the deployment pins: another one is another beginning. */
  readonly pinned: Digest;
  readonly size: number;
  readonly root: string;
}

export interface Kept {
  /** The kept head and its parts, to be verified like any other store's; `undefined` where nothing is kept. */
  readonly read: () => Store | undefined;
  /** Texts of the policies, from the pinned one to the one in force. */
  readonly policies: () => readonly string[];
  readonly write: (release: VerifiedRelease, pinned: Digest, fresh: string | null) => void;
  /** The newest checkpoint that was ever believed under a first policy: nothing shorter is believed again under it. */
  readonly watermark: (policy: Digest) => { readonly size: number; readonly root: string } | undefined;
  /** @param notes two signed checkpoints of one size. @param atMs unix milliseconds */
  readonly addEvidence: (notes: readonly string[], atMs: number) => void;
  readonly evidence: () => readonly { readonly at: number; readonly notes: readonly string[] }[];
}

export function openKept(storage: DurableObjectStorage): Kept {
  const { sql } = storage;
  sql.exec(`
    CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS chunks (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS evidence (notes TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `);
  const part = (name: string): string | null => {
    const [row] = sql.exec<{ value: string }>("SELECT value FROM parts WHERE name = ?", name).toArray();
    return row?.value ?? null;
  };
  const keep = (name: string, value: string | null): void => {
    if (value === null) sql.exec("DELETE FROM parts WHERE name = ?", name);
    else sql.exec("INSERT OR REPLACE INTO parts VALUES (?, ?)", name, value);
  };
  const policies = (): string[] => JSON.parse(part("policies") ?? "[]") as string[];
  return {
    read() {
      const head = part("head");
      if (head === null) return undefined;
      return {
        candidate: async () => ({ head, fresh: part("fresh") }),
        leaves: async () => [],
        statements: async () => [],
        policy: policyReader(policies()),
        snapshot: async () => {
          const rows = sql.exec<{ text: string }>("SELECT text FROM chunks ORDER BY number").toArray();
          return rows.map(({ text }) => text).join("");
        },
      };
    },
    policies,
    watermark(policy) {
      const { pinned, size, root } = JSON.parse(part("watermark") ?? "{}") as Partial<Watermark>;
      return pinned === policy && size !== undefined && root !== undefined ? { size, root } : undefined;
    },
    write({ head, policies, snapshotText, statement, checkpoint }, pinned, fresh) {
      storage.transactionSync(() => {
        if (part("snapshot") !== statement.snapshotDigest) {
          sql.exec("DELETE FROM chunks");
          for (let at = 0; at < snapshotText.length; at += chunkChars) {
            sql.exec("INSERT INTO chunks VALUES (?, ?)", at / chunkChars, snapshotText.slice(at, at + chunkChars));
          }
        }
        keep("head", head);
        keep("fresh", fresh);
        keep("policies", JSON.stringify(policies.map(({ text }) => text)));
        keep("snapshot", statement.snapshotDigest);
        const watermark: Watermark = { pinned, size: checkpoint.size, root: toBase64(checkpoint.root) };
        keep("watermark", JSON.stringify(watermark));
      });
    },
    addEvidence(notes, atMs) {
      const [count] = sql.exec<{ n: number }>("SELECT count(*) AS n FROM evidence").toArray();
      if ((count?.n ?? 0) >= evidenceMax) return;
      sql.exec("INSERT OR IGNORE INTO evidence VALUES (?, ?)", JSON.stringify(notes), atMs);
    },
    evidence: () =>
      sql
        .exec<{ notes: string; at: number }>("SELECT notes, at FROM evidence ORDER BY at")
        .toArray()
        .map(({ notes, at }) => ({ at, notes: JSON.parse(notes) as string[] })),
  };
}
