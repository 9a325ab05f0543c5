/** C2SP tlog-checkpoint: the tree head of a mesh's release log, as the text of a signed note: origin, size, base64 root. */
import { fromBase64, toBase64, type Bytes } from "../encoding/bytes.ts";
import { err, ok, type Result } from "../result.ts";

export interface Checkpoint {
  readonly origin: string;
  /** Leaves in the log: the newest release is `size - 1`. At least 1: an empty log is never signed. */
  readonly size: number;
  /** RFC 9162 root, 32 bytes. */
  readonly root: Bytes;
}

export const encodeCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** Strict: what doesn't encode to the same text again is refused; extension lines too, for nothing here writes them. */
export function parseCheckpoint(text: string): Result<Checkpoint, "checkpoint_malformed"> {
  const [origin, sizeText, rootText] = text.split("\n");
  const root = fromBase64(rootText ?? "");
  const size = Number(sizeText);
  if (!origin || !root.ok || root.value.length !== 32 || !Number.isSafeInteger(size) || size < 1) {
    return err("checkpoint_malformed");
  }
  const checkpoint = { origin, size, root: root.value };
  return encodeCheckpoint(checkpoint) === text ? ok(checkpoint) : err("checkpoint_malformed");
}
