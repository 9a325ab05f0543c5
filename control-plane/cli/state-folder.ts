/** `.flagmesh/`, where a local control plane keeps its state, as the command line finds it: in a folder or above it. */
import { existsSync } from "node:fs";
import path from "node:path";
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
