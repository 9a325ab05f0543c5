/** The statement of a release: what the log records. Its canonical JSON is the data of a leaf of the release log. */
import * as v from "valibot";
import { canonicalJson } from "../encoding/json.ts";
import { count, digestText, hashText, parseStored } from "../encoding/shape.ts";
import { limits } from "../limits.ts";
import type { Result } from "../result.ts";
import { approvalsSchema } from "./approval.ts";

const statementSchema = v.strictObject({
  type: v.literal("flagmesh/release/v1"),
  /** `<deployment>/<tenant>/<environment>`. */
  origin: v.string(),
  /** Index of this leaf: 0, 1, 2 … */
  release: count,
  /** Counts changes of the entries: 1, 2, 3 … A release that only changes the overlay repeats its predecessor's. */
  revision: v.pipe(count, v.minValue(1)),
  /** Config root of the revision before; the empty tree's for revision 1. */
  parent: hashText,
  configRoot: hashText,
  /** Slots of the config tree, vacant ones too. */
  configSize: count,
  snapshotDigest: digestText,
  /** Of the lock file's bytes. */
  lockDigest: digestText,
  overlayDigest: digestText,
  detailDigest: digestText,
  approvals: approvalsSchema,
  /** The mesh policy in force. */
  policy: v.strictObject({ number: v.pipe(count, v.minValue(1)), digest: digestText }),
  /** Unix seconds, by the control plane's clock. */
  time: count,
});
export type Statement = v.InferOutput<typeof statementSchema>;

/** The leaf data, as text. */
export const encodeStatement = (statement: Statement): string => canonicalJson(statement);

export const parseStatement = (text: string): Result<Statement, "too_large" | "malformed" | "not_canonical"> =>
  parseStored(statementSchema, text, limits.statementBytesMax);
