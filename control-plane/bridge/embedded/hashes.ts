/** Hash commands. A hash that becomes empty is removed. */
import { isErrorReply, type CommandLine, type Reply } from "../store.ts";
import { arg, type Commands, type Database } from "./command.ts";
import { wrongArity } from "./errors.ts";

type Fields = Map<string, string>;

const flatten = (fields: Fields): string[] => [...fields].flat();

export const hashCommands: Commands = {
  hset: { arity: -4, write: true, run: set },
  hget: {
    arity: 3,
    run: (database, args) => withFields(database, args, (fields) => fields.get(arg(args, 1)) ?? null, null),
  },
  hmget: {
    arity: -3,
    run: (database, args) =>
      withFields(
        database,
        args,
        (fields) => args.slice(1).map((name) => fields.get(name) ?? null),
        args.slice(1).map(() => null),
      ),
  },
  hgetall: { arity: 2, run: (database, args) => withFields(database, args, flatten, []) },
  hexists: {
    arity: 3,
    run: (database, args) => withFields(database, args, (fields) => Number(fields.has(arg(args, 1))), 0),
  },
  hlen: { arity: 2, run: (database, args) => withFields(database, args, (fields) => fields.size, 0) },
  hdel: {
    arity: -3,
    write: true,
    run: (database, args) =>
      withFields(
        database,
        args,
        (fields) => {
          const removed = args.slice(1).filter((name) => fields.delete(name)).length;
          if (fields.size === 0) database.keys.delete(arg(args, 0));
          return removed;
        },
        0,
      ),
  },
};

function withFields({ keys }: Database, args: CommandLine, use: (fields: Fields) => Reply, absent: Reply): Reply {
  const hash = keys.typed(arg(args, 0), "hash");
  if (isErrorReply(hash)) return hash;
  return hash === undefined ? absent : use(hash.fields);
}

function set({ keys }: Database, [key = "", ...pairs]: CommandLine): Reply {
  if (pairs.length % 2 === 1) return wrongArity("hset");
  const hash = keys.typed(key, "hash");
  if (isErrorReply(hash)) return hash;
  const fields = hash?.fields ?? new Map<string, string>();
  const before = fields.size;
  for (let i = 0; i < pairs.length; i += 2) fields.set(arg(pairs, i), arg(pairs, i + 1));
  if (hash === undefined) keys.set(key, { type: "hash", fields });
  return fields.size - before;
}
