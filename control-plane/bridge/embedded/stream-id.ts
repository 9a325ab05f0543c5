/** Stream entry ids, `<unix ms>-<sequence>`, two unsigned 64-bit numbers. */

export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

export interface StreamEntry {
  readonly id: StreamId;
  /** Field, value, field, value … */
  readonly fields: readonly string[];
}

const uint64Max = 2n ** 64n - 1n;
const form = /^([0-9]{1,20})(?:-([0-9]{1,20}|\*))?$/;

export const firstId: StreamId = { ms: 0n, seq: 0n };
export const lastId: StreamId = { ms: uint64Max, seq: uint64Max };

export const idText = ({ ms, seq }: StreamId): string => `${ms}-${seq}`;

export const compareIds = (a: StreamId, b: StreamId): number =>
  a.ms === b.ms ? Number(a.seq > b.seq) - Number(a.seq < b.seq) : a.ms > b.ms ? 1 : -1;

export interface PartialId {
  readonly ms: bigint;
  /** `undefined` where it was left out. */
  readonly seq: bigint | "*" | undefined;
}

export function parseId(text: string): PartialId | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const ms = BigInt(match[1] ?? "");
  const seq = match[2] === undefined || match[2] === "*" ? match[2] : BigInt(match[2]);
  return ms > uint64Max || (typeof seq === "bigint" && seq > uint64Max) ? undefined : { ms, seq };
}

/** The id right after; `undefined` after the last. */
export function nextId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq < uint64Max) return { ms, seq: seq + 1n };
  return ms < uint64Max ? { ms: ms + 1n, seq: 0n } : undefined;
}

export function previousId({ ms, seq }: StreamId): StreamId | undefined {
  if (seq > 0n) return { ms, seq: seq - 1n };
  return ms > 0n ? { ms: ms - 1n, seq: uint64Max } : undefined;
}
