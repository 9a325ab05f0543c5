/**
 * The proof of one entry: a file that shows what one flag, segment, backend or route was in one release, and nothing of
 * any other. Selective disclosure: the entry itself is shown, and its neighbours appear as salted hashes only.
 *
 * JSON of two spaces, keys in the order of JCS, and no other text, so that no two readers see different values in it.
 */
import * as v from "valibot";
import { isEntryKey, type EntryKey } from "../document/entry.ts";
import { exceedsBytes } from "../encoding/bytes.ts";
import { canonicalJson, findNotIJson, type Json } from "../encoding/json.ts";
import { count, hashText } from "../encoding/shape.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { offence, type Offence } from "./offence.ts";

/** Sibling hashes, lowest first. A tree has fewer than 2^53 leaves. */
const path = v.pipe(v.array(hashText), v.maxLength(64));
const kindCharsMax = "segment:".length;

const proofSchema = v.strictObject({
  type: v.literal("flagmesh/entry-proof/v1"),
  entry: v.strictObject({
    key: v.pipe(
      v.custom<EntryKey>((key) => typeof key === "string" && isEntryKey(key)),
      v.maxLength(kindCharsMax + limits.keyCharsMax),
    ),
    value: v.custom<Json>((value) => value !== undefined),
    /** The revision that last changed it. For people: no hash covers it. */
    rev: v.pipe(count, v.minValue(1)),
    salt: hashText,
    /** Its leaf index in the config tree. */
    slot: count,
    /** From its leaf to the statement's `configRoot`. */
    path,
  }),
  /** Exact text of the release's leaf in the log. */
  statement: v.string(),
  /** From the statement's leaf to the checkpoint's root. */
  logPath: path,
  /** A signed note: the log's tree head, with the freshness that it had when the proof was made. */
  checkpoint: v.string(),
  /** Exact texts of the mesh's policies. They convince nobody who doesn't trust them already, or pin their digest. */
  policies: v.pipe(v.array(v.string()), v.maxLength(limits.policiesPerProofMax)),
});
export type EntryProof = v.InferOutput<typeof proofSchema>;

export const encodeEntryProof = (proof: EntryProof): string =>
  `${JSON.stringify(JSON.parse(canonicalJson(proof)), undefined, 2)}\n`;

const malformed = (why: string): Result<never, Offence> => err(offence("proof_malformed", why));

export function parseEntryProof(text: string): Result<EntryProof, Offence> {
  if (exceedsBytes(text, limits.proofBytesMax)) return malformed(`more than ${limits.proofBytesMax} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return malformed("the file is not JSON");
  }
  const fault = findNotIJson(json);
  if (fault !== undefined) return malformed(`${fault.what}, at ${fault.path.join(".")}`);
  const parsed = v.safeParse(proofSchema, json, { abortEarly: true });
  if (!parsed.success)
    return malformed(`${v.getDotPath(parsed.issues[0]) ?? "top level"}: ${parsed.issues[0].message}`);
  if (encodeEntryProof(parsed.output) !== text)
    return malformed("it was edited: flagmesh writes the same in another form");
  return ok(parsed.output);
}
