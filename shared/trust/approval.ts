/** Approvals: signatures by people or CI, never by the control plane, over exactly one step from one revision to the next. */
import * as v from "valibot";
import { toBase64, utf8 } from "../encoding/bytes.ts";
import type { Digest } from "../encoding/digest.ts";
import { count } from "../encoding/shape.ts";
import { limits } from "../limits.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { parseSignatureLine, signaturesBy } from "./signed-note.ts";
import type { Vkey } from "./vkey.ts";

/** As a lock and a statement carry them. Without any: `{notAfter: 0, signatures: []}`. */
export const approvalsSchema = v.strictObject({
  /** Unix seconds until which the revision may first be logged. Signed with the rest. */
  notAfter: count,
  /** Signed-note lines. */
  signatures: v.pipe(
    v.array(
      v.pipe(
        v.string(),
        v.check((line) => line.isWellFormed(), "half a surrogate pair"),
      ),
    ),
    v.maxLength(limits.noteSignaturesMax),
  ),
});
export type Approvals = v.InferOutput<typeof approvalsSchema>;

export const noApprovals: Approvals = { notAfter: 0, signatures: [] };

/** What an approver signs for. Roots are padded base64. */
export interface ApprovedStep {
  readonly origin: string;
  readonly revision: number;
  readonly configRoot: string;
  readonly configSize: number;
  readonly snapshotDigest: Digest;
  /** Config root of the revision that this one replaces: approvals are serial. */
  readonly parent: string;
}

const hexBytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** The signed text of an approval. */
export function approvalText(step: ApprovedStep, notAfter: number): string {
  const digest = toBase64(hexBytes(step.snapshotDigest.slice("sha256:".length)));
  const fields = [step.origin, step.revision, step.configRoot, step.configSize, digest, step.parent, notAfter];
  return `flagmesh/approval/v1\n${fields.join("\n")}\n`;
}

/** How many distinct approver keys have validly signed this step. */
export async function countApprovals(
  step: ApprovedStep,
  approvals: Approvals,
  approvers: readonly Vkey[],
): Promise<number> {
  const message = utf8(approvalText(step, approvals.notAfter));
  const lines = approvals.signatures.flatMap((line) => {
    const parsed = parseSignatureLine(line);
    return parsed.ok ? [parsed.value] : [];
  });
  const approved = new Set<string>();
  for (const key of approvers) {
    const claimed = signaturesBy(key, lines)[0];
    if (claimed !== undefined && (await verifyEd25519(key.publicKey, message, claimed.signature))) {
      approved.add(toBase64(key.publicKey));
    }
  }
  return approved.size;
}
