/** The private key that an approver signs with, from its file. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import type { MeshPolicy } from "../../shared/trust/mesh-policy.ts";
import { ed25519Type, encodeVkey, sameKey } from "../../shared/trust/vkey.ts";
import { parsePrivateKey, type SigningKey } from "../keys/signing-key.ts";
import type { Call } from "./command.ts";
import { note, type Trouble } from "./say.ts";

export async function readApproverKey(call: Call, name: string): Promise<Result<SigningKey, Trouble>> {
  const file = path.resolve(call.context.cwd, name);
  let text: string;
  try {
    text = await readFile(file, "utf8");
    const place = await stat(file);
    if (place.isFile() && (place.mode & 0o077) !== 0) {
      note(call, `warning: others on this machine may read ${name}: chmod 600 ${name}`);
    }
  } catch {
    return err({ code: "key_missing", message: `${name} can't be read` });
  }
  // `keygen` without --out prints the public part below the private one.
  const key = parsePrivateKey(text.split("\n")[0] ?? "");
  if (key.ok && key.value.vkey.type === ed25519Type) return key;
  const hint = "flagmesh keygen --approver NAME --out FILE makes one";
  return err({ code: "key_malformed", message: `${name} holds no approver's private key`, hint });
}

/** A signature that no router would count is not made. */
export function checkApprover({ vkey }: SigningKey, { approvers, origin }: MeshPolicy): Result<void, Trouble> {
  if (approvers.keys.some((known) => encodeVkey(known) === encodeVkey(vkey))) return ok(undefined);
  const renamed = approvers.keys.find((known) => sameKey(known, vkey));
  const names = approvers.keys.map((known) => known.name).join(", ") || "nobody";
  const message =
    renamed === undefined
      ? `${vkey.name} is no approver of ${origin}: its policy names ${names}`
      : `the policy of ${origin} knows this key as ${renamed.name}, and would not count a signature by ${vkey.name}`;
  return err({ code: "not_an_approver", message });
}
