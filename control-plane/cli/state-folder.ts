/** `.flagmesh/`, where a local control plane keeps its state, as the command line finds it: in a folder or above it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { isDeploymentName, type MeshId } from "../../shared/document/mesh-id.ts";
import { isObject } from "../../shared/encoding/json.ts";
import { openStateDirectory, type StateDirectory } from "../deployment/state-directory.ts";

const folderName = ".flagmesh";

/** The nearest one at or above a folder, or `undefined`. */
export function findStateFolder(dir: string): StateDirectory | undefined {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    const candidate = path.join(at, folderName);
    if (existsSync(candidate)) return openStateDirectory(candidate, false);
    if (path.dirname(at) === at) return undefined;
  }
}

export interface LocalDeployment {
  readonly deployment?: string;
  readonly allowInsecureEndpoints: boolean;
}

/** What the nearest `.flagmesh/deployment.json` says, as far as it can be read. */
export function findLocalDeployment(dir: string): LocalDeployment {
  const folder = findStateFolder(dir);
  const json = folder === undefined ? undefined : readJson(folder, folder.files.deployment);
  if (!isObject(json)) return { allowInsecureEndpoints: false };
  const { deployment, allowInsecureEndpoints } = json;
  return {
    ...(isDeploymentName(deployment) ? { deployment } : {}),
    allowInsecureEndpoints: allowInsecureEndpoints === true,
  };
}

/** The text of a mesh's newest policy in the nearest `.flagmesh/`, or `undefined`. */
export function findLocalPolicy(dir: string, mesh: MeshId): string | undefined {
  const folder = findStateFolder(dir);
  return folder === undefined ? undefined : newestPolicy(folder, mesh);
}

/** The text of a mesh's newest policy in a state directory, or `undefined`. */
export function newestPolicy({ files, read }: StateDirectory, mesh: MeshId): string | undefined {
  let newest: string | undefined;
  for (let number = 1; ; number++) {
    const text = read(files.policy(mesh, number));
    if (text === undefined) return newest;
    newest = text;
  }
}

function readJson({ read }: StateDirectory, file: string): unknown {
  try {
    return JSON.parse(read(file) ?? "null") as unknown;
  } catch {
    return undefined;
  }
}
