/** `flagmesh init`: a first mesh.yaml, small, valid and commented. */
import { access, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer, note, refuse } from "./say.ts";

const fileName = "mesh.yaml";
const otherNames = ["mesh.yml", "mesh.json"];

export const init: Command = {
  name: "init",
  summary: "write a first mesh.yaml",
  examples: ["flagmesh init --mesh acme/production", "flagmesh init --mesh acme/staging --dir config"],
  async run(call) {
    const { mesh, dir } = call.global;
    if (mesh === undefined) {
      return refuse(call, exitCodes.usage, {
        code: "mesh_missing",
        message: "which mesh is it?",
        hint: "flagmesh init --mesh acme/production",
      });
    }
    const file = path.join(dir, fileName);
    const taken = await firstPresent([fileName, ...otherNames].map((name) => path.join(dir, name)));
    if (taken !== undefined) {
      return refuse(call, exitCodes.refused, {
        code: "already_there",
        message: `${taken} is there already; it is left as it is`,
      });
    }
    try {
      await mkdir(dir, { recursive: true });
      // wx: fails where the file has come to be there meanwhile.
      await writeFile(file, firstDocument(mesh), { flag: "wx" });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      return refuse(call, exitCodes.refused, { code: "unwritable", message: `${file} can't be written (${code})` });
    }
    answer(call, { file, mesh }, file);
    note(call, "Next: flagmesh validate, then flagmesh lock");
    return exitCodes.fine;
  },
};

async function firstPresent(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await access(file);
      return file;
    } catch {
      // Not there, so it can't be overwritten.
    }
  }
  return undefined;
}

const firstDocument = (
  mesh: MeshId,
): string => `# What this mesh releases, and to whom. docs/document.md explains every key.
mesh: ${mesh}

settings:
  # Who a request is of: the first of these that is present. The cookie is minted for visitors who bring neither.
  identity: [{ header: x-user-id }, { cookie: flagmesh_id }]

# Segments: rules that flags refer to by name.
$evaluators:
  staff: { ends_with: [{ var: email }, "@example.com"] }

flags:
  new-checkout:
    variants: { "on": true, "off": false }
    defaultVariant: "off"
    # Staff always get it; null goes on with the rollout.
    targeting: { if: [{ $ref: staff }, "on", null] }
    # Percents of all others that operators may move between, approved as a whole. It starts at the first.
    rollout: { variant: "on", steps: [1, 5, 25, 50, 100] }
    metadata: { owner: team-checkout }

backends:
  checkout-v1:
    endpoints: [{ url: "https://checkout-v1.example.com" }]
    health: { path: /healthz }
  checkout-v2:
    endpoints: [{ url: "https://checkout-v2.example.com" }]
    health: { path: /healthz }
    fallback: checkout-v1 # serves when version 2 doesn't answer

# The most specific route wins, wherever it stands.
routes:
  checkout:
    match: { host: shop.example.com, path: /checkout/* }
    flag: new-checkout
    to: { "on": checkout-v2, "off": checkout-v1 } # every variant has a backend
  rest: { match: { host: shop.example.com }, backend: checkout-v1 }
`;
