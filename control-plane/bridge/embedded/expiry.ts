/** Times to live: EX, PX, EXAT, PXAT, EXPIRE and PEXPIRE become a moment in unix milliseconds. */
import type { ErrorReply } from "../store.ts";
import { invalidExpiry, notAnInteger } from "./errors.ts";
import { int64Max, parseInt64 } from "./integer.ts";

export type ExpiryUnit = "EX" | "PX" | "EXAT" | "PXAT";

/** For SET, where a time must be positive. */
export function expiryOf(text: string, unit: ExpiryUnit, now: number, command: string): number | ErrorReply {
  const value = parseInt64(text);
  if (value === undefined) return notAnInteger;
  if (value <= 0n) return invalidExpiry(command);
  return moment(value, unit, now, command);
}

/** For EXPIRE, where a time that has passed deletes the key. */
export function expiryOrPast(text: string, unit: ExpiryUnit, now: number, command: string): number | ErrorReply {
  const value = parseInt64(text);
  return value === undefined ? notAnInteger : moment(value, unit, now, command);
}

function moment(value: bigint, unit: ExpiryUnit, now: number, command: string): number | ErrorReply {
  const ms = unit.startsWith("E") ? value * 1000n : value;
  const at = unit.endsWith("AT") ? ms : ms + BigInt(now);
  const inRange = ms <= int64Max && ms >= -int64Max && at <= int64Max;
  return inRange ? Number(at) : invalidExpiry(command);
}
