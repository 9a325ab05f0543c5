/** The files of a document from disk: one file, or a directory with `mesh.yaml` and `flags/`. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Bytes } from "../../shared/encoding/bytes.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { diagnosticOfFile, type Diagnostic } from "./diagnostic.ts";

const documentNames = ["mesh.yaml", "mesh.yml", "mesh.json"];
const flagsFolder = "flags";
const extensions = new Set([".yaml", ".yml", ".json"]);

/** Bytes by name, relative to the directory and with `/`, sorted; a single file has its own name. */
export async function readDocumentFiles(location: string): Promise<Result<ReadonlyMap<string, Bytes>, Diagnostic>> {
  try {
    const place = await stat(location);
    if (!place.isDirectory()) return await readAll(path.dirname(location), [path.basename(location)]);
    const found = await namesIn(location);
    if (!found.ok) return found;
    return await readAll(location, found.value);
  } catch (error) {
    return err(unreadable(location, error));
  }
}

async function namesIn(directory: string): Promise<Result<readonly string[], Diagnostic>> {
  const present = new Set(await readdir(directory));
  const documents = documentNames.filter((name) => present.has(name));
  const [document, second] = documents;
  if (document !== undefined && second !== undefined) {
    return err(refused("two_documents", `${document} and ${second} are both there`, second, "remove one of them"));
  }
  const flags = present.has(flagsFolder) ? await flagFilesIn(directory) : [];
  if (documents.length + flags.length === 0) {
    const message = `no mesh.yaml and no flags/ in ${directory}`;
    return err(refused("no_document", message, directory, "flagmesh init writes one"));
  }
  return ok([...documents, ...flags]);
}

/** Files whose own or whose folder's name begins with a dot belong to editors and tools. */
async function flagFilesIn(directory: string): Promise<readonly string[]> {
  const found = await readdir(path.join(directory, flagsFolder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory() && extensions.has(path.extname(entry.name)))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .filter((name) => name.split("/").every((part) => !part.startsWith(".")))
    .sort();
}

async function readAll(
  directory: string,
  names: readonly string[],
): Promise<Result<ReadonlyMap<string, Bytes>, Diagnostic>> {
  if (names.length > limits.filesPerDocumentMax) {
    const { filesPerDocumentMax } = limits;
    return err(
      refused("too_many_files", `${names.length} files; a document has at most ${filesPerDocumentMax}`, directory),
    );
  }
  const files = new Map<string, Bytes>();
  let bytes = 0;
  for (const name of names) {
    const file = path.join(directory, name);
    try {
      bytes += (await stat(file)).size;
      if (bytes > limits.documentBytesMax) {
        const message = `the files have more than ${limits.documentBytesMax} bytes together`;
        return err(refused("document_too_large", message, name));
      }
      files.set(name, Uint8Array.from(await readFile(file)));
    } catch (error) {
      return err(unreadable(name, error));
    }
  }
  return ok(files);
}

function unreadable(file: string, error: unknown): Diagnostic {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return refused("no_document", "there is no such file or directory", file);
  return refused("unreadable", `it can't be read (${typeof code === "string" ? code : "unknown"})`, file);
}

const refused = (code: string, message: string, file: string, hint?: string): Diagnostic =>
  diagnosticOfFile({ code, severity: "error", message, hint }, file);
