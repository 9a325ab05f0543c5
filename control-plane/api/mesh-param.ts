/** The mesh in a URL. */
import type { Context } from "hono";
import { isMeshId, type MeshId } from "../../shared/document/mesh-id.ts";

export const meshPath = "/v1/meshes/:tenant/:environment";

/** What isn't a mesh id is a mesh that nobody knows. */
export function meshOf(c: Context): MeshId {
  const id = `${c.req.param("tenant")}/${c.req.param("environment")}`;
  return (isMeshId(id) ? id : "-/-") as MeshId;
}
