/** A release as people and the API see it. */
import { parseHead } from "../../shared/store/head.ts";
import type { Overlay } from "../../shared/trust/overlay.ts";
import { parseStatement, type Statement } from "../../shared/trust/statement.ts";
import { AnchorError, type AnchoredRelease } from "../publisher/anchor.ts";

export interface ReleaseSummary extends Omit<Statement, "type" | "overlayDigest" | "detailDigest"> {
  /** RFC 9162 root of the log with this release, padded base64. */
  readonly logRoot: string;
  readonly overlay: Overlay;
  readonly actor: string;
  readonly message: string;
  /** False while Redis doesn't have it yet. */
  readonly published: boolean;
}

export function summaryOf({
  head: headText,
  statement: statementText,
  root,
  published,
}: AnchoredRelease): ReleaseSummary {
  const head = parseHead(headText);
  const statement = parseStatement(statementText);
  if (!head.ok || !statement.ok) {
    throw new AnchorError("anchor_damaged", "the anchor holds a release that can't be read");
  }
  const { type: _, overlayDigest: _overlay, detailDigest: _detail, ...stated } = statement.value;
  const { overlay, detail } = head.value;
  return { ...stated, logRoot: root, overlay, ...detail, published };
}
