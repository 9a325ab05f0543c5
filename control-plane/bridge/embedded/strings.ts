/** String commands. Strings are UTF-8 text; lengths count bytes. */
import { isErrorReply, type CommandLine, type ErrorReply, type Reply } from "../store.ts";
import { arg, type Commands, type Database } from "./command.ts";
import { notAnInteger, syntaxError, wouldOverflow } from "./errors.ts";
import { expiryOf, type ExpiryUnit } from "./expiry.ts";
import { int64Min, isInt64, parseInt64 } from "./integer.ts";

const byteLength = (text: string): number => Buffer.byteLength(text, "utf8");

export const stringCommands: Commands = {
  get: { arity: 2, run: (database, args) => read(database, arg(args, 0)) },
  mget: {
    arity: -2,
    run: ({ keys }, args) =>
      args.map((key) => {
        const value = keys.get(key);
        return value?.type === "string" ? value.text : null;
      }),
  },
  strlen: {
    arity: 2,
    run: (database, args) => mapText(read(database, arg(args, 0)), byteLength) ?? 0,
  },
  set: { arity: -3, write: true, run: set },
  append: {
    arity: 3,
    write: true,
    run: (database, args) =>
      mapText(read(database, arg(args, 0)) ?? "", (text) => {
        const joined = text + arg(args, 1);
        database.keys.set(arg(args, 0), { type: "string", text: joined }, database.keys.expiry(arg(args, 0)));
        return byteLength(joined);
      }),
  },
  incr: { arity: 2, write: true, run: (database, args) => add(database, arg(args, 0), "1") },
  decr: { arity: 2, write: true, run: (database, args) => add(database, arg(args, 0), "-1") },
  incrby: { arity: 3, write: true, run: (database, args) => add(database, arg(args, 0), arg(args, 1)) },
  decrby: {
    arity: 3,
    write: true,
    run(database, args) {
      const by = parseInt64(arg(args, 1));
      if (by === undefined) return notAnInteger;
      return by === int64Min ? wouldOverflow("decrement") : add(database, arg(args, 0), String(-by));
    },
  },
};

function read({ keys }: Database, key: string): string | null | ErrorReply {
  const value = keys.typed(key, "string");
  if (isErrorReply(value)) return value;
  return value?.text ?? null;
}

const mapText = (text: string | null | ErrorReply, map: (text: string) => Reply): Reply =>
  typeof text === "string" ? map(text) : text;

function add(database: Database, key: string, delta: string): Reply {
  const by = parseInt64(delta);
  if (by === undefined) return notAnInteger;
  const current = read(database, key);
  if (isErrorReply(current)) return current;
  const value = parseInt64(current ?? "0");
  if (value === undefined) return notAnInteger;
  const sum = value + by;
  if (!isInt64(sum)) return wouldOverflow("increment or decrement");
  database.keys.set(key, { type: "string", text: String(sum) }, database.keys.expiry(key));
  return Number(sum);
}

interface SetOptions {
  only?: "NX" | "XX";
  get: boolean;
  keepTtl: boolean;
  expiry?: { readonly unit: ExpiryUnit; readonly text: string };
}

function set(database: Database, [key = "", text = "", ...words]: CommandLine): Reply {
  const options = parseSetOptions(words);
  if (isErrorReply(options)) return options;
  const given = options.expiry && expiryOf(options.expiry.text, options.expiry.unit, database.now(), "set");
  if (isErrorReply(given)) return given;
  const previous = options.get ? read(database, key) : null;
  if (isErrorReply(previous)) return previous;
  const exists = database.keys.get(key) !== undefined;
  if (options.only === (exists ? "NX" : "XX")) return previous;
  database.keys.set(key, { type: "string", text }, options.keepTtl ? database.keys.expiry(key) : given);
  return options.get ? previous : "OK";
}

function parseSetOptions(words: CommandLine): SetOptions | ErrorReply {
  const options: SetOptions = { get: false, keepTtl: false };
  for (let i = 0; i < words.length; i++) {
    const word = arg(words, i).toUpperCase();
    switch (word) {
      case "NX":
      case "XX":
        if (options.only !== undefined && options.only !== word) return syntaxError;
        options.only = word;
        break;
      case "GET":
        options.get = true;
        break;
      case "KEEPTTL":
        if (options.expiry) return syntaxError;
        options.keepTtl = true;
        break;
      case "EX":
      case "PX":
      case "EXAT":
      case "PXAT": {
        const text = words[++i];
        if (text === undefined || options.expiry || options.keepTtl) return syntaxError;
        options.expiry = { unit: word, text };
        break;
      }
      default:
        return syntaxError;
    }
  }
  return options;
}
