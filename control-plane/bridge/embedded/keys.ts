/** Commands on keys of any type, and on the store as a whole. */
import { failed, isErrorReply, type CommandLine, type Reply } from "../store.ts";
import { arg, type Commands, type Database } from "./command.ts";
import { notAnInteger, syntaxError, wrongArity } from "./errors.ts";
import { expiryOrPast } from "./expiry.ts";
import { globMatches } from "./glob.ts";
import { parseInt64 } from "./integer.ts";

const del = (database: Database, args: CommandLine): Reply => args.filter((key) => database.keys.delete(key)).length;

export const keyCommands: Commands = {
  del: { arity: -2, write: true, run: del },
  unlink: { arity: -2, write: true, run: del },
  exists: { arity: -2, run: ({ keys }, args) => args.filter((key) => keys.get(key) !== undefined).length },
  type: { arity: 2, run: ({ keys }, args) => keys.get(arg(args, 0))?.type ?? "none" },
  expire: { arity: -3, write: true, run: (database, args) => expire(database, args, "EX", "expire") },
  pexpire: { arity: -3, write: true, run: (database, args) => expire(database, args, "PX", "pexpire") },
  persist: {
    arity: 2,
    write: true,
    run({ keys }, args) {
      const had = keys.expiry(arg(args, 0)) !== undefined;
      keys.setExpiry(arg(args, 0), undefined);
      return Number(had);
    },
  },
  ttl: { arity: 2, run: (database, args) => remaining(database, arg(args, 0), (ms) => Math.floor((ms + 500) / 1000)) },
  pttl: { arity: 2, run: (database, args) => remaining(database, arg(args, 0), (ms) => ms) },
  keys: { arity: 2, run: ({ keys }, args) => keys.names().filter((key) => globMatches(arg(args, 0), key)) },
  scan: { arity: -2, run: scan },
  dbsize: { arity: 1, run: ({ keys }) => keys.names().length },
  flushall: { arity: -1, write: true, run: flush },
  flushdb: { arity: -1, write: true, run: flush },
  publish: { arity: 3, run: ({ publish }, args) => publish(arg(args, 0), arg(args, 1)) },
  ping: { arity: -1, run: (_, args) => (args.length > 1 ? wrongArity("ping") : (args[0] ?? "PONG")) },
  echo: { arity: 2, run: (_, args) => arg(args, 0) },
  time: {
    arity: 1,
    run: ({ now }) => [String(Math.floor(now() / 1000)), String(Math.floor((now() % 1000) * 1000))],
  },
};

function expire({ keys, now }: Database, args: CommandLine, unit: "EX" | "PX", command: string): Reply {
  if (args[2] !== undefined) return failed(`ERR Unsupported option ${args[2]}`);
  const at = expiryOrPast(arg(args, 1), unit, now(), command);
  if (isErrorReply(at)) return at;
  const key = arg(args, 0);
  if (keys.get(key) === undefined) return 0;
  if (at <= now()) keys.delete(key);
  else keys.setExpiry(key, at);
  return 1;
}

function remaining({ keys, now }: Database, key: string, round: (ms: number) => number): number {
  if (keys.get(key) === undefined) return -2;
  const at = keys.expiry(key);
  return at === undefined ? -1 : round(Math.max(0, at - now()));
}

/** Everything in one page: COUNT is a hint, and a single page can't miss a key that stays. */
function scan({ keys }: Database, [cursor = "", ...options]: CommandLine): Reply {
  if (!/^-?[0-9]{1,20}$/.test(cursor)) return failed("ERR invalid cursor");
  let names = cursor === "0" ? keys.names() : [];
  for (let i = 0; i < options.length; i += 2) {
    const value = options[i + 1];
    if (value === undefined) return syntaxError;
    switch (options[i]?.toUpperCase()) {
      case "MATCH":
        names = names.filter((key) => globMatches(value, key));
        break;
      case "TYPE":
        names = names.filter((key) => keys.get(key)?.type === value.toLowerCase());
        break;
      case "COUNT": {
        const count = parseInt64(value);
        if (count === undefined) return notAnInteger;
        if (count < 1n) return syntaxError;
        break;
      }
      default:
        return syntaxError;
    }
  }
  return ["0", names];
}

function flush({ keys }: Database, args: CommandLine): Reply {
  if (args.length > 1 || (args[0] !== undefined && !/^a?sync$/i.test(args[0]))) return syntaxError;
  keys.clear();
  return "OK";
}
