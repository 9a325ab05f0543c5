/** What a command has of the world around it, so that tests can give it another. */
import type { Bytes } from "../../shared/encoding/bytes.ts";

export interface Sink {
  readonly write: (text: string) => void;
  /** A person reads it as it is written: colours and progress are welcome. */
  readonly isTerminal: boolean;
}

export interface Context {
  /** Absolute; what relative paths in options are relative to. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For data, which may be piped into another program. */
  readonly stdout: Sink;
  /** For messages and progress. */
  readonly stderr: Sink;
  /** Asks whoever sits at the terminal, and gives one line; `undefined` where it was closed. Absent: nobody does. */
  readonly ask?: (question: string) => Promise<string | undefined>;
  /** Unix seconds. */
  readonly clock: () => number;
  readonly randomBytes: (length: number) => Bytes;
  readonly fetch: typeof fetch;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** NO_COLOR and FORCE_COLOR are conventions that most tools follow. */
export function wantsColour({ env }: Context, sink: Sink): boolean {
  if (env["NO_COLOR"]) return false;
  return sink.isTerminal || Boolean(env["FORCE_COLOR"]);
}
