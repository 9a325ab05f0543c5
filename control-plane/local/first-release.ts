/** The first release of a local mesh: what stands in the example's directory, locked there if need be. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { originOf, type MeshId } from "../../shared/document/mesh-id.ts";
import { digestOfBytes } from "../../shared/encoding/digest.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Engine } from "../engine/engine.ts";
import { loadDocument } from "../locker/load.ts";
import { parseLockFile } from "../locker/lock-file.ts";
import { lock } from "../locker/lock.ts";
import { readDocumentFiles } from "../locker/read-files.ts";
import { diagnosticsAsText } from "../locker/report.ts";
import { toolName } from "../tool.ts";
import type { LocalFailure } from "./local-mesh.ts";

/** Does nothing where the mesh has a release already. */
export async function publishFirst(
  engine: Engine,
  deployment: string,
  mesh: MeshId,
  directory: string,
): Promise<Result<void, LocalFailure>> {
  const state = await engine.state(mesh);
  if (state.ok) return ok(undefined);
  const files = await readDocumentFiles(directory);
  if (!files.ok) return err({ code: files.error.code, message: diagnosticsAsText([files.error]) });
  const { entries, diagnostics } = loadDocument(files.value, { mesh, allowInsecureEndpoints: true });
  if (entries === undefined) return err({ code: "document_invalid", message: diagnosticsAsText(diagnostics) });

  const file = join(directory, "flagmesh.lock");
  const previous = existsSync(file) ? parseLockFile(readFileSync(file, "utf8")) : undefined;
  if (previous?.ok === false) {
    const { code, line, message } = previous.error;
    return err({
      code,
      message: `${file}:${line}: ${message}. Mend it (\`flagmesh lock\`), or remove it to begin anew`,
    });
  }
  const locked = lock({
    mesh,
    origin: originOf(deployment, mesh),
    entries,
    files: new Map([...files.value].map(([path, bytes]) => [path, digestOfBytes(bytes)])),
    previous: previous?.value,
    seed: Uint8Array.from(randomBytes(32)),
    tool: toolName,
  });
  if (!locked.ok)
    return err({ code: locked.error.code, message: `${file} can't be followed (${locked.error.code}): remove it` });
  writeFileSync(file, locked.value.text);

  const intent = { actor: "flagmesh dev", message: "first release of the local mesh" };
  const pushed = await engine.push(mesh, { files: files.value, lock: locked.value.text }, intent);
  return pushed.ok ? ok(undefined) : err({ code: pushed.error.code, message: messageOf(pushed.error) });
}

const messageOf = (fault: { readonly code: string; readonly message?: string }): string => fault.message ?? fault.code;
