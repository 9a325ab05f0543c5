/** Detail: who made a release, and why. It travels beside the statement, which holds its digest. */
import * as v from "valibot";
import { exceedsBytes } from "../encoding/bytes.ts";
import { digestOf, type Digest } from "../encoding/digest.ts";
import { canonicalJson } from "../encoding/json.ts";
import { limits } from "../limits.ts";

const message = v.pipe(
  v.string(),
  v.check((text) => !exceedsBytes(text, limits.messageBytesMax), "too long"),
);

export const detailSchema = v.strictObject({ actor: message, message });
export type Detail = v.InferOutput<typeof detailSchema>;

export const detailDigest = (detail: Detail): Digest => digestOf(canonicalJson(detail));
