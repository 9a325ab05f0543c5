import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readDocumentFiles } from "../../../control-plane/locker/read-files.ts";
import { fromUtf8 } from "../../../shared/encoding/bytes.ts";
import { limits } from "../../../shared/limits.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "flagmesh-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
}

async function namesRead(location = folder): Promise<readonly string[] | string> {
  const read = await readDocumentFiles(location);
  return read.ok ? [...read.value.keys()] : read.error.code;
}

describe("of a folder", () => {
  test("mesh.yaml and everything below flags/ is read, sorted, with / between folders", async () => {
    await write({
      "mesh.yaml": "",
      "flags/b.yml": "",
      "flags/a.yaml": "",
      "flags/team/deep/c.json": "",
      "flags/README.md": "",
      "flags/.hidden.yaml": "",
      "flags/.git/x.yaml": "",
      "other/d.yaml": "",
      "flagmesh.lock": "",
    });
    expect(await namesRead()).toEqual(["mesh.yaml", "flags/a.yaml", "flags/b.yml", "flags/team/deep/c.json"]);
  });

  test.each(["mesh.yaml", "mesh.yml", "mesh.json"])("%s alone is enough", async (name) => {
    await write({ [name]: "x" });
    expect(await namesRead()).toEqual([name]);
  });

  test("flags/ alone is enough", async () => {
    await write({ "flags/a.flagd.json": "{}" });
    expect(await namesRead()).toEqual(["flags/a.flagd.json"]);
  });

  test("links to files are followed, links to folders are not", async () => {
    await write({ "elsewhere/a.yaml": "x", "flags/b.yaml": "y" });
    await symlink(path.join(folder, "elsewhere/a.yaml"), path.join(folder, "flags/a.yaml"));
    await symlink(folder, path.join(folder, "flags/loop"));
    expect(await namesRead()).toEqual(["flags/a.yaml", "flags/b.yaml"]);
  });

  test("two documents are refused", async () => {
    await write({ "mesh.yaml": "", "mesh.json": "" });
    expect(await namesRead()).toBe("two_documents");
  });

  test("nothing to read is said", async () => {
    expect(await namesRead()).toBe("no_document");
  });
});

test("a single file is read, whatever its name", async () => {
  await write({ "checkout.flags": "flags: {}" });
  const read = await readDocumentFiles(path.join(folder, "checkout.flags"));
  expect(read.ok && [...read.value].map(([name, bytes]) => [name, fromUtf8(bytes)])).toEqual([
    ["checkout.flags", "flags: {}"],
  ]);
});

test("what isn't there is said", async () => {
  expect(await namesRead(path.join(folder, "nope"))).toBe("no_document");
});

test.skipIf(process.getuid?.() === 0)("what may not be read is said", async () => {
  await write({ "mesh.yaml": "" });
  await chmod(path.join(folder, "mesh.yaml"), 0);
  expect(await namesRead()).toBe("unreadable");
});

test("a folder that is named like a file is said", async () => {
  await mkdir(path.join(folder, "mesh.yaml"));
  expect(await namesRead()).toBe("unreadable");
});

test("files of more bytes than a document has are refused before they are read", async () => {
  await write({ "mesh.yaml": "x".repeat(limits.documentBytesMax), "flags/a.yaml": "" });
  expect(await namesRead()).toEqual(["mesh.yaml", "flags/a.yaml"]);
  await write({ "flags/a.yaml": "x" });
  expect(await namesRead()).toBe("document_too_large");
});
