/** What a command's exit says to the script that called it. */
export const exitCodes = {
  fine: 0,
  /** Findings in the documents, or the control plane refused. */
  refused: 1,
  /** Wrong options or arguments. */
  usage: 2,
  lockMissing: 3,
  /** The documents changed since they were locked. */
  lockDrifted: 4,
  /** Hashes don't add up, or a signature is bad. */
  tampered: 5,
  notApproved: 6,
  /** Somebody else was first. */
  conflict: 7,
  unreachable: 8,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
