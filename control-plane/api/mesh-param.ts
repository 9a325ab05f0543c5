/** The mesh in a URL. */
import type { Context } from "hono";
import type { MeshId } from "../../shared/document/mesh-id.ts";

export const meshPath = "/v1/meshes/:tenant/:environment";

/** Not every text there is a mesh id; what is none is a mesh that the engine doesn't know. */
export const meshOf = (c: Context): MeshId => `${c.req.param("tenant")}/${c.req.param("environment")}` as MeshId;
