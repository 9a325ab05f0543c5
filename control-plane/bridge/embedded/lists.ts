/** List commands. A list that becomes empty is removed. */
import { isErrorReply, type CommandLine, type Reply } from "../store.ts";
import { arg, type Commands, type Database } from "./command.ts";
import { notAnInteger } from "./errors.ts";
import { parseInt64 } from "./integer.ts";

export const listCommands: Commands = {
  rpush: { arity: -3, write: true, run: (database, args) => push(database, args, (list, item) => list.push(item)) },
  lpush: { arity: -3, write: true, run: (database, args) => push(database, args, (list, item) => list.unshift(item)) },
  llen: { arity: 2, run: (database, args) => withItems(database, arg(args, 0), (items) => items.length) },
  lindex: {
    arity: 3,
    run: (database, args) =>
      withItems(
        database,
        arg(args, 0),
        (items) => {
          const index = parseInt64(arg(args, 1));
          return index === undefined ? notAnInteger : (items.at(Number(index)) ?? null);
        },
        null,
      ),
  },
  lrange: {
    arity: 4,
    run(database, args) {
      const span = parseSpan(args);
      return span === undefined
        ? notAnInteger
        : withItems(database, arg(args, 0), (items) => items.slice(...span(items.length)), []);
    },
  },
  ltrim: {
    arity: 4,
    write: true,
    run(database, args) {
      const span = parseSpan(args);
      if (span === undefined) return notAnInteger;
      return withItems(
        database,
        arg(args, 0),
        (items) => {
          const kept = items.slice(...span(items.length));
          items.splice(0, items.length, ...kept);
          if (kept.length === 0) database.keys.delete(arg(args, 0));
          return "OK";
        },
        "OK",
      );
    },
  },
};

function withItems({ keys }: Database, key: string, use: (items: string[]) => Reply, absent: Reply = 0): Reply {
  const list = keys.typed(key, "list");
  if (isErrorReply(list)) return list;
  return list === undefined ? absent : use(list.items);
}

function push(
  { keys }: Database,
  [key = "", ...added]: CommandLine,
  put: (items: string[], item: string) => number,
): Reply {
  const list = keys.typed(key, "list");
  if (isErrorReply(list)) return list;
  const items = list?.items ?? [];
  for (const item of added) put(items, item);
  if (list === undefined) keys.set(key, { type: "list", items });
  return items.length;
}

/** `start` and `stop`, both inclusive, negative from the end, as the arguments of `slice`. */
function parseSpan([, first = "", last = ""]: CommandLine): ((length: number) => [number, number]) | undefined {
  const start = parseInt64(first);
  const stop = parseInt64(last);
  if (start === undefined || stop === undefined) return undefined;
  return (length) => {
    const from = Math.max(0, start < 0n ? length + Number(start) : Number(start));
    const to = Math.max(-1, stop < 0n ? length + Number(stop) : Number(stop));
    return [from, to + 1];
  };
}
