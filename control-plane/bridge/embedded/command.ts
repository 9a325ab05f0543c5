/** What a command of the embedded store is, and what it may touch. */
import { failed, type CommandLine, type ErrorReply, type Reply } from "../store.ts";
import { unknownCommand, wrongArity } from "./errors.ts";
import type { Keyspace } from "./keyspace.ts";

export interface Database {
  readonly keys: Keyspace;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How many subscriptions the message reached. */
  readonly publish: (channel: string, message: string) => number;
}

export interface Command {
  /** As in Redis: counts all words of the line; negative means "at least". */
  readonly arity: number;
  /** It may change the keyspace. */
  readonly write?: true;
  /** Its reply waits until what it changed is saved. */
  readonly durable?: true;
  /** `args` are without the name, and without the subcommand's. */
  readonly run: (database: Database, args: CommandLine) => Reply;
}

/** By lower-case name; a subcommand's is `script|load`. */
export type Commands = Readonly<Record<string, Command>>;

/** The command that a line means, ready to run; or why Redis wouldn't even queue it. */
export function resolve(commands: Commands, line: CommandLine): Resolved | ErrorReply {
  const [first = "", second] = line;
  const container = first.toLowerCase();
  if (containers.has(container)) {
    if (second === undefined) return wrongArity(container);
    const name = `${container}|${second.toLowerCase()}`;
    const failure = failed(`ERR unknown subcommand '${second}'. Try ${container.toUpperCase()} HELP.`);
    return check(commands, name, line, 2) ?? failure;
  }
  return check(commands, container, line, 1) ?? unknownCommand(line);
}

export interface Resolved {
  readonly command: Command;
  readonly args: CommandLine;
}

const containers = new Set(["script"]);

function check(commands: Commands, name: string, line: CommandLine, words: number): Resolved | ErrorReply | undefined {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) return undefined;
  const { arity } = command;
  const accepted = arity < 0 ? line.length >= -arity : line.length === arity;
  return accepted ? { command, args: line.slice(words) } : wrongArity(name);
}

/** An argument that the arity guarantees. */
export function arg(args: CommandLine, index: number): string {
  const value = args[index];
  if (value === undefined) throw new RangeError(`no argument ${index}: the command's arity is wrong`);
  return value;
}
