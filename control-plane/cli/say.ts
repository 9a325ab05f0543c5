/** How commands speak: data on stdout, messages on stderr, and with `--format json` one JSON value on stdout. */
import type { Call } from "./command.ts";
import type { ExitCode } from "./exit-codes.ts";

/** What was wanted, what was found, and the command that mends it. */
export interface Trouble {
  /** Stable, `snake_case`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** For people, on stderr. */
export const note = ({ context }: Call, text: string): void => context.stderr.write(`${text}\n`);

/** Data: the text, or with `--format json` the value. */
export function answer({ context, global }: Call, value: unknown, text: string): void {
  if (global.format === "json") context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  else if (text !== "") context.stdout.write(`${text}\n`);
}

/** Why a command did nothing: on stderr, and as `{"error": …}` on stdout with `--format json`. Returns its exit code. */
export function refuse(call: Call, exit: ExitCode, { code, message, hint }: Trouble): ExitCode {
  note(call, `flagmesh: ${message} [${code}]`);
  if (hint !== undefined) note(call, `  hint: ${hint}`);
  if (call.global.format === "json")
    answer(call, { error: { code, message, ...(hint === undefined ? {} : { hint }) } }, "");
  return exit;
}
