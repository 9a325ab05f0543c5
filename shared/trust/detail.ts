/** Detail: who made a release, and why. It travels beside the statement, which holds its digest. */
import * as v from "valibot";
import { digestOf, type Digest } from "../encoding/digest.ts";
import { canonicalJson } from "../encoding/json.ts";
import { limits } from "../limits.ts";

export const detailSchema = v.strictObject({
  actor: v.pipe(v.string(), v.maxLength(limits.messageBytesMax)),
  message: v.pipe(v.string(), v.maxLength(limits.messageBytesMax)),
});
export type Detail = v.InferOutput<typeof detailSchema>;

export const detailDigest = (detail: Detail): Digest => digestOf(canonicalJson(detail));
