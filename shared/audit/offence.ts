/** What an auditor holds against a log, or against a proof from one: an edge's reasons to refuse, and a few of their own. */
import type { Refusal, RefusalCode } from "../acceptance/refusal.ts";

export type OffenceCode =
  | RefusalCode
  /** The file is no proof, or not in the one form that a proof has. */
  | "proof_malformed"
  /** The entry is not in the config tree that the statement names. */
  | "entry_not_included"
  /** A revision was first logged after its approvals had ended. */
  | "approvals_expired"
  | "log_too_large";

export interface Offence {
  readonly code: OffenceCode;
  /** The first record that it was found in; absent where it is about the log as a whole. */
  readonly release?: number;
  /** For people: what was wanted, what was found. */
  readonly message: string;
  /** Of a fork: both notes. */
  readonly evidence?: readonly string[];
}

export const offence = (code: OffenceCode, message: string, release?: number): Offence => ({
  code,
  message,
  ...(release === undefined ? {} : { release }),
});

export const offenceOf = ({ code, message, evidence }: Refusal, release?: number): Offence => ({
  ...offence(code, message, release),
  ...(evidence === undefined ? {} : { evidence }),
});
