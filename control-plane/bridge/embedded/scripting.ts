/**
 * EVAL, EVALSHA and SCRIPT without a Lua interpreter: the store is given the scripts that its users send, each with its
 * steps in JavaScript, and knows them by the SHA-1 of their text. The contract suite runs both forms and compares.
 */
import { createHash } from "node:crypto";
import { failed, isErrorReply, type CommandLine, type Reply } from "../store.ts";
import { arg, type Command, type Commands } from "./command.ts";
import { noScript, notAnInteger } from "./errors.ts";
import { parseInt64 } from "./integer.ts";

/** `redis.call`: an error reply ends the script. */
export type ScriptCall = (...command: string[]) => Reply;

/** A Lua script and the same steps in JavaScript. */
export interface KnownScript {
  readonly lua: string;
  readonly run: (keys: CommandLine, args: CommandLine, call: ScriptCall) => Reply;
}

class ScriptAborted extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super("a command of the script failed");
    this.reply = reply;
  }
}

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

const unknownScript = failed(
  "ERR this embedded store has no Lua: it runs only the scripts it was built with. Set REDIS_URL to use a real Redis.",
);

/** @param execute runs one command of a script */
export function scriptCommands(scripts: readonly KnownScript[], execute: (command: CommandLine) => Reply): Commands {
  const known = new Map(scripts.map((script) => [sha1(script.lua), script]));
  const loaded = new Set<string>();

  function run(digest: string, [countWord = "", ...rest]: CommandLine): Reply {
    const count = parseInt64(countWord);
    if (count === undefined) return notAnInteger;
    if (count > BigInt(rest.length)) return failed("ERR Number of keys can't be greater than number of args");
    if (count < 0n) return failed("ERR Number of keys can't be negative");
    const script = known.get(digest);
    if (script === undefined) return unknownScript;
    loaded.add(digest);
    const keys = rest.slice(0, Number(count));
    const args = rest.slice(Number(count));
    try {
      return script.run(keys, args, (...command) => {
        const reply = execute(command);
        if (isErrorReply(reply)) throw new ScriptAborted(reply);
        return reply;
      });
    } catch (fault) {
      if (fault instanceof ScriptAborted) return fault.reply;
      throw fault;
    }
  }

  const evaluate: Command = { arity: -3, durable: true, run: (_, [text = "", ...rest]) => run(sha1(text), rest) };
  const evaluateDigest: Command = {
    arity: -3,
    durable: true,
    run: (_, [digest = "", ...rest]) => {
      const lower = digest.toLowerCase();
      return loaded.has(lower) ? run(lower, rest) : noScript;
    },
  };

  return {
    eval: evaluate,
    evalsha: evaluateDigest,
    "script|load": {
      arity: 3,
      run(_, args) {
        const digest = sha1(arg(args, 0));
        if (!known.has(digest)) return unknownScript;
        loaded.add(digest);
        return digest;
      },
    },
    "script|exists": {
      arity: -3,
      run: (_, digests) => digests.map((digest) => Number(loaded.has(digest.toLowerCase()))),
    },
    "script|flush": {
      arity: -2,
      run(_, args) {
        if (args.length > 1 || (args[0] !== undefined && !/^a?sync$/i.test(args[0]))) {
          return failed("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        }
        loaded.clear();
        return "OK";
      },
    },
  };
}
