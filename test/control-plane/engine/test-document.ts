/** A small document, and its locks. */
import { randomBytes } from "node:crypto";
import { parseLockFile } from "../../../control-plane/locker/lock-file.ts";
import { loadDocument } from "../../../control-plane/locker/load.ts";
import { lock, type Locked } from "../../../control-plane/locker/lock.ts";
import type { Push } from "../../../control-plane/validator/validate-push.ts";
import { originOf, type MeshId } from "../../../shared/document/mesh-id.ts";
import { utf8, type Bytes } from "../../../shared/encoding/bytes.ts";
import { digestOfBytes } from "../../../shared/encoding/digest.ts";
import { deployment } from "./test-authority.ts";

export interface DocumentParts {
  /** Percent of users that get `checkout`. */
  readonly share?: number;
  readonly mesh?: string;
  /** More flags, as YAML lines of the `flags` block. */
  readonly flags?: string;
  readonly endpoint?: string;
  readonly host?: string;
}

/** `checkout` decides a route, `search` has steps, and `f0` to `f9` are there to be killed. */
export const documentText = ({ share = 10, mesh, flags = "", endpoint, host }: DocumentParts = {}): string => `
${mesh === undefined ? "" : `mesh: ${mesh}`}
flags:
  checkout: { variants: { "on": true, "off": false }, defaultVariant: "off", rollout: { "on": ${share} } }
  search: { variants: { "on": true, "off": false }, defaultVariant: "off", rollout: { variant: "on", steps: [5, 50, 100] } }
${Array.from({ length: 10 }, (_, i) => `  f${i}: { variants: { "on": true, "off": false }, defaultVariant: "off" }`).join("\n")}
${flags}
backends:
  v1: { endpoints: [{ url: "${endpoint ?? "https://v1.example.com"}" }] }
  v2: { endpoints: [{ url: "https://v2.example.com" }] }
routes:
  checkout: { match: { host: ${host ?? "shop.example.com"} }, flag: checkout, to: { "on": v2, "off": v1 } }
`;

export const filesOf = (text: string): ReadonlyMap<string, Bytes> => new Map([["mesh.yaml", utf8(text)]]);

export const bare = (parts: DocumentParts): Push => ({ files: filesOf(documentText(parts)), lock: undefined });

/** @param previousText of the lock that it follows */
export function lockOf(mesh: MeshId, text: string, previousText?: string, origin = originOf(deployment, mesh)): Locked {
  const files = filesOf(text);
  const { entries, diagnostics } = loadDocument(files, {});
  const previous = previousText === undefined ? undefined : parseLockFile(previousText);
  if (entries === undefined || previous?.ok === false) throw new Error(`not lockable: ${JSON.stringify(diagnostics)}`);
  const locked = lock({
    mesh,
    origin,
    entries,
    files: new Map([...files].map(([path, bytes]) => [path, digestOfBytes(bytes)])),
    previous: previous?.value,
    seed: Uint8Array.from(randomBytes(32)),
    tool: "test",
  });
  if (!locked.ok) throw new Error(locked.error.code);
  return locked.value;
}

export const bundle = (mesh: MeshId, parts: DocumentParts, previousText?: string): Push => {
  const text = documentText(parts);
  return { files: filesOf(text), lock: lockOf(mesh, text, previousText).text };
};
