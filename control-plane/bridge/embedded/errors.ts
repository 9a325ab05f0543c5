/** The error replies of Redis 7, word for word: clients match on them. */
import { failed, type CommandLine, type ErrorReply } from "../store.ts";

export const wrongType = failed("WRONGTYPE Operation against a key holding the wrong kind of value");
export const notAnInteger = failed("ERR value is not an integer or out of range");
export const syntaxError = failed("ERR syntax error");
export const wouldOverflow = (verb: "increment or decrement" | "decrement"): ErrorReply =>
  failed(`ERR ${verb} would overflow`);
export const invalidExpiry = (command: string): ErrorReply => failed(`ERR invalid expire time in '${command}' command`);
export const wrongArity = (command: string): ErrorReply =>
  failed(`ERR wrong number of arguments for '${command}' command`);
export const unknownCommand = ([name, ...args]: CommandLine): ErrorReply =>
  failed(`ERR unknown command '${name}', with args beginning with: ${args.map((arg) => `'${arg}' `).join("")}`);
export const noScript = failed("NOSCRIPT No matching script. Please use EVAL.");
