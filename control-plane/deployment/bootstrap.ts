/** The first start of a local mesh: keys, policies and tokens, made once and then kept. */
import { randomBytes } from "node:crypto";
import { ok, type Result } from "../../shared/result.ts";
import { createMesh, type NewMesh, type NewMeshFault } from "./create-mesh.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Writes what is missing and leaves what is there. */
export function bootstrap(directory: StateDirectory, mesh: NewMesh): Result<void, NewMeshFault> {
  const { files, read, write } = directory;
  if (read(files.adminToken) === undefined) write(files.adminToken, `${newToken("admin")}\n`);
  if (read(files.storeTokens) === undefined) {
    write(files.storeTokens, JSON.stringify({ controlPlane: newToken("store"), edge: newToken("edge") }));
  }
  if (read(files.deployment) !== undefined) return ok(undefined);
  const made = createMesh(directory, { ...mesh, allowInsecureEndpoints: true });
  return made.ok ? ok(undefined) : made;
}

/** `fm_<id>_<256 random bits>`. */
export const newToken = (id: string): string => `fm_${id}_${randomBytes(32).toString("base64url")}`;
