/** `flagmesh keygen`: signing keys in the form of Go's sumdb/note, and tokens. */
import { cosignatureType, ed25519Type, encodeVkey, isKeyName } from "../../shared/trust/vkey.ts";
import { newKey, newToken } from "../deployment/bootstrap.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { answer, refuse } from "./say.ts";

export const keygen: Command = {
  name: "keygen",
  summary: "make a signing key or a token; the private part is printed once",
  examples: [
    "flagmesh keygen example.com/acme/production",
    "flagmesh keygen --freshness example.com/acme/production/freshness",
    "flagmesh keygen --token > .flagmesh/admin.token",
  ],
  declare(command) {
    command
      .argument("[name]", "the key's name, without white space and plus")
      .option("--freshness", "a key for timestamped cosignatures (type 0x04)", false)
      .option("--token", "a bearer token instead of a key", false);
  },
  async run(call) {
    const [name] = call.args;
    if (call.options["token"] === true) {
      const token = newToken("admin");
      answer(call, { token }, token);
      return exitCodes.fine;
    }
    if (name === undefined || !isKeyName(name)) {
      return refuse(call, exitCodes.usage, {
        code: "bad_key_name",
        message: "a key needs a name without white space and plus",
      });
    }
    const { key, text } = newKey(name, call.options["freshness"] === true ? cosignatureType : ed25519Type);
    const vkey = encodeVkey(key.vkey);
    answer(call, { vkey, private: text }, `${text}\n${vkey}`);
    return exitCodes.fine;
  },
};
