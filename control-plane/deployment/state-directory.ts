/** The control plane's own directory (`.flagmesh/`): keys, policies, anchor, tokens. Only its owner can read it. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { MeshId } from "../../shared/document/mesh-id.ts";

export interface StateDirectory {
  readonly path: string;
  readonly files: {
    readonly deployment: string;
    readonly adminToken: string;
    readonly storeTokens: string;
    readonly anchor: string;
    readonly store: string;
    readonly logKey: (mesh: MeshId) => string;
    readonly freshnessKey: (mesh: MeshId) => string;
    readonly policy: (mesh: MeshId, number: number) => string;
    /** Where a key that came later is kept, by its key ID. */
    readonly laterKey: (mesh: MeshId, keyId: string) => string;
  };
  /** Every private key of a mesh that is kept here. */
  readonly keys: (mesh: MeshId) => readonly string[];
  /** `undefined` where there is no such file. */
  readonly read: (file: string) => string | undefined;
  /** Whole or not at all, readable by the owner only. */
  readonly write: (file: string, text: string) => void;
}

/** @param create false: an absent directory stays absent */
export function openStateDirectory(path: string, create = true): StateDirectory {
  if (create) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // It may have been made by hand, or by an older umask.
    chmodSync(path, 0o700);
  }
  return {
    path,
    files: {
      deployment: join(path, "deployment.json"),
      adminToken: join(path, "admin.token"),
      storeTokens: join(path, "store-tokens.json"),
      anchor: join(path, "anchor.sqlite"),
      store: join(path, "store.json"),
      logKey: (mesh) => join(path, "keys", mesh, "log.key"),
      freshnessKey: (mesh) => join(path, "keys", mesh, "freshness.key"),
      policy: (mesh, number) => join(path, "policies", mesh, `${number}.json`),
      laterKey: (mesh, keyId) => join(path, "keys", mesh, `${keyId}.key`),
    },
    keys(mesh) {
      const folder = join(path, "keys", mesh);
      if (!existsSync(folder)) return [];
      const files = readdirSync(folder).filter((name) => name.endsWith(".key"));
      return files.map((name) => readFileSync(join(folder, name), "utf8"));
    },
    read: (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined),
    write(file, text) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const temporary = `${file}.${process.pid}.tmp`;
      // Its mode counts only where it makes the file.
      rmSync(temporary, { force: true });
      const handle = openSync(temporary, "wx", 0o600);
      try {
        writeFileSync(handle, text);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, file);
      syncDirectory(dirname(file));
    },
  };
}

/** Makes a rename durable: routers may be deployed with a key's digest a moment later. Windows can't open a directory. */
function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
