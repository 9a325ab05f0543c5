/** What a command of the embedded store is, and what it may touch. */
import type { CommandLine, Reply } from "../store.ts";
import type { Keyspace } from "./keyspace.ts";

export interface Database {
  readonly keys: Keyspace;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How many subscriptions the message reached. */
  readonly publish: (channel: string, message: string) => number;
}

export interface Command {
  /** As in Redis: counts the name; negative means "at least". */
  readonly arity: number;
  /** It may change the keyspace. */
  readonly write?: true;
  /** `args` are without the name. */
  readonly run: (database: Database, args: CommandLine) => Reply;
}

export type Commands = Readonly<Record<string, Command>>;

export const acceptsCount = (arity: number, words: number): boolean => (arity < 0 ? words >= -arity : words === arity);

/** An argument that the arity guarantees. */
export function arg(args: CommandLine, index: number): string {
  const value = args[index];
  if (value === undefined) throw new RangeError(`no argument ${index}: the command's arity is wrong`);
  return value;
}
