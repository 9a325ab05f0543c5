/** The Redis value `head`: the newest checkpoint with all it takes to believe it, but the snapshot. */
import * as v from "valibot";
import { canonicalJson } from "../encoding/json.ts";
import { hashText, parseStored } from "../encoding/shape.ts";
import { limits } from "../limits.ts";
import type { Result } from "../result.ts";
import { detailSchema } from "../trust/detail.ts";
import { overlaySchema } from "../trust/overlay.ts";

const headSchema = v.strictObject({
  /** A signed note: the checkpoint, by the log key, cosigned by the freshness key (and witnesses). */
  checkpoint: v.string(),
  /** Exact text of the newest leaf. */
  statement: v.string(),
  /** Inclusion proof of the newest leaf. Its path is the frontier of the log before that leaf. */
  proof: v.pipe(v.array(hashText), v.maxLength(64)),
  overlay: overlaySchema,
  detail: detailSchema,
});
export type Head = v.InferOutput<typeof headSchema>;

export const encodeHead = (head: Head): string => canonicalJson(head);

export const parseHead = (text: string): Result<Head, "too_large" | "malformed" | "not_canonical"> =>
  parseStored(headSchema, text, limits.headBytesMax);
