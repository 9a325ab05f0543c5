/** `flagmesh keygen`: signing keys in the form of Go's sumdb/note, and tokens. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { cosignatureType, ed25519Type, encodeVkey, isKeyName } from "../../shared/trust/vkey.ts";
import { newToken } from "../deployment/bootstrap.ts";
import { newKey } from "../keys/new-key.ts";
import type { Call, Command } from "./command.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { answer, note, refuse } from "./say.ts";

export const keygen: Command = {
  name: "keygen",
  summary: "make a signing key or a token; the private part is given once",
  examples: [
    "flagmesh keygen --approver alice@example.com --out alice.key",
    "flagmesh keygen example.com/acme/production",
    "flagmesh keygen --freshness example.com/acme/production/freshness",
    "flagmesh keygen --api-token --out .flagmesh/admin.token",
  ],
  declare(command) {
    command
      .argument("[name]", "the key's name, without white space and plus")
      .option("--approver <name>", "a key for approving revisions, named after its holder")
      .option("--freshness", "a key for timestamped cosignatures (type 0x04)", false)
      .option("--api-token", "a bearer token instead of a key", false)
      .option("--out <file>", "write the private part there, for its owner only, and print the public part");
  },
  async run(call) {
    const { args, options } = call;
    const approver = options["approver"];
    const kinds = [approver !== undefined, options["freshness"] === true, options["apiToken"] === true];
    if (kinds.filter(Boolean).length > 1 || (approver !== undefined && args[0] !== undefined)) {
      const message = "a key is for one purpose: --approver NAME, --freshness NAME, --api-token, or a NAME alone";
      return refuse(call, exitCodes.usage, { code: "bad_option", message });
    }
    if (options["apiToken"] === true) return give(call, "token", newToken("admin"), undefined);
    const name = approver ?? args[0];
    if (typeof name !== "string" || !isKeyName(name)) {
      return refuse(call, exitCodes.usage, {
        code: "bad_key_name",
        message: "a key needs a name without white space and plus",
      });
    }
    const { key, text } = newKey(name, options["freshness"] === true ? cosignatureType : ed25519Type);
    return give(call, "private", text, encodeVkey(key.vkey));
  },
};

/** @param vkey the public part; a token has none */
async function give(
  call: Call,
  kind: "private" | "token",
  secret: string,
  vkey: string | undefined,
): Promise<ExitCode> {
  const open = vkey === undefined ? {} : { vkey };
  const out = call.options["out"];
  if (typeof out !== "string") {
    answer(call, { ...open, [kind]: secret }, [secret, ...Object.values(open)].join("\n"));
    return exitCodes.fine;
  }
  const file = path.resolve(call.context.cwd, out);
  try {
    // wx: a key that is there already may be the only copy of it.
    await writeFile(file, `${secret}\n`, { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const why = code === "EEXIST" ? "is there already; it is left as it is" : `can't be written (${code})`;
    return refuse(call, exitCodes.refused, { code: "unwritable", message: `${file} ${why}` });
  }
  answer(call, { ...open, file }, vkey ?? file);
  note(call, `the ${kind === "token" ? "token" : "private key"} is in ${file}; nobody else can make it again`);
  return exitCodes.fine;
}
