/** What one command of `flagmesh` is: how it is called, and what it does. */
import type { Command as Declaration } from "commander";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";

export type Format = "text" | "json" | "sarif";

/** The options that every command has. */
export interface GlobalOptions {
  readonly mesh?: MeshId;
  /** Absolute. */
  readonly dir: string;
  readonly format: Format;
  /** The control plane's; from FLAGMESH_URL where the option is absent. */
  readonly url?: string;
  /** From FLAGMESH_TOKEN where the option is absent. */
  readonly token?: string;
}

export interface Call {
  readonly context: Context;
  readonly global: GlobalOptions;
  /** As declared, in order; `undefined` where an optional one is absent. */
  readonly args: readonly (string | undefined)[];
  /** The command's own, by commander's camel-case names. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Command {
  /** One word, or two: `policy init` is `init` of the group `policy`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** One a line, shown by `--help`: `flagmesh validate examples/shop`. */
  readonly examples: readonly string[];
  /** Which values of `--format` it knows. Default: text and json. */
  readonly formats?: readonly Format[];
  /** Adds arguments and options. */
  readonly declare?: (declaration: Declaration) => void;
  /** Never throws for what can be expected: says it on stderr, and returns the exit code. */
  readonly run: (call: Call) => Promise<ExitCode>;
}
