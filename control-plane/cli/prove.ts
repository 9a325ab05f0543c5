/** `flagmesh prove`: a file that shows what one entry was in one release, and nothing of any other. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEntryProof } from "../../shared/audit/entry-proof.ts";
import { isEntryKey } from "../../shared/document/entry.ts";
import { parseStatement } from "../../shared/trust/statement.ts";
import type { Command } from "./command.ts";
import { reach, refused } from "./control-plane.ts";
import { exitCodes } from "./exit-codes.ts";
import { note, refuse } from "./say.ts";

export const prove: Command = {
  name: "prove",
  summary: "make a file that proves one entry of one release, without disclosing any other",
  examples: [
    "flagmesh prove flag:new-checkout --out new-checkout.proof.json",
    "flagmesh prove backend:checkout-v2 --release 41 > checkout-v2.proof.json",
  ],
  declare(command) {
    command
      .argument("<entry>", "flag:<key>, segment:<name>, backend:<name>, route:<name> or settings")
      .option("--release <number>", "the release that the entry is proven of (default: the newest)")
      .option("--out <file>", "where to write it (default: stdout)");
  },
  async run(call) {
    const { context, args, options } = call;
    const key = args[0] ?? "";
    const { release, out } = options as { release?: string; out?: string };
    if (!isEntryKey(key)) {
      const message = `${key} is no entry: flag:<key>, segment:<name>, backend:<name>, route:<name> or settings`;
      return refuse(call, exitCodes.usage, { code: "bad_entry", message });
    }
    const remote = reach(call);
    if (!remote.ok) return refused(call, remote.error);
    const query = release === undefined ? "" : `?release=${encodeURIComponent(release)}`;
    const sent = await remote.value.send({ method: "GET", path: `/proofs/entry/${encodeURIComponent(key)}${query}` });
    if (!sent.ok) return refused(call, sent.error);
    const text = `${JSON.stringify(sent.value, undefined, 2)}\n`;
    const proof = parseEntryProof(text);
    if (!proof.ok) return refuse(call, exitCodes.tampered, proof.error);
    if (out === undefined) {
      context.stdout.write(text);
      return exitCodes.fine;
    }
    try {
      await writeFile(path.resolve(context.cwd, out), text);
    } catch {
      return refuse(call, exitCodes.refused, { code: "unwritable", message: `${out} can't be written` });
    }
    const statement = parseStatement(proof.value.statement);
    const where = statement.ok ? `release ${statement.value.release} of ${statement.value.origin}` : "a release";
    note(call, `${out}: ${key} in ${where}. It discloses this entry to whoever has the file.`);
    note(call, `  to verify it, offline: flagmesh audit ${out} --policy <the mesh's policies>`);
    return exitCodes.fine;
  },
};
