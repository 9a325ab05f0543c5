/** Stream commands: XADD (capped by MAXLEN, always exactly), XRANGE, XREVRANGE, XLEN. */
import { failed, isErrorReply, type CommandLine, type ErrorReply, type Reply } from "../store.ts";
import { arg, type Commands, type Database } from "./command.ts";
import { notAnInteger, syntaxError, wrongArity } from "./errors.ts";
import { parseInt64 } from "./integer.ts";
import {
  compareIds,
  firstId,
  idText,
  lastId,
  nextId,
  parseId,
  previousId,
  type PartialId,
  type StreamId,
} from "./stream-id.ts";

const invalidId = failed("ERR Invalid stream ID specified as stream command argument");
const zeroId = failed("ERR The ID specified in XADD must be greater than 0-0");
const notGreater = failed("ERR The ID specified in XADD is equal or smaller than the target stream top item");
const exhausted = failed("ERR The stream has exhausted the last possible ID, unable to add more items");

export const streamCommands: Commands = {
  xadd: { arity: -5, write: true, run: add },
  xlen: {
    arity: 2,
    run({ keys }, args) {
      const stream = keys.typed(arg(args, 0), "stream");
      return isErrorReply(stream) ? stream : (stream?.entries.length ?? 0);
    },
  },
  xrange: { arity: -4, run: (database, [key, from, to, ...rest]) => range(database, key, from, to, rest, false) },
  xrevrange: { arity: -4, run: (database, [key, to, from, ...rest]) => range(database, key, from, to, rest, true) },
};

interface Addition {
  readonly create: boolean;
  readonly lengthMax: bigint | undefined;
  readonly id: PartialId | "*";
  readonly fields: CommandLine;
}

function add(database: Database, [key = "", ...words]: CommandLine): Reply {
  const addition = parseAddition(words);
  if (isErrorReply(addition)) return addition;
  const found = database.keys.typed(key, "stream");
  if (isErrorReply(found)) return found;
  if (found === undefined && !addition.create) return null;
  const stream = found ?? { type: "stream" as const, entries: [], last: firstId };
  const id = chooseId(addition.id, stream.last, database.now());
  if (isErrorReply(id)) return id;
  stream.entries.push({ id, fields: addition.fields });
  stream.last = id;
  const surplus = addition.lengthMax === undefined ? 0 : stream.entries.length - Number(addition.lengthMax);
  if (surplus > 0) stream.entries.splice(0, surplus);
  if (found === undefined) database.keys.set(key, stream);
  return idText(id);
}

function parseAddition(words: CommandLine): Addition | ErrorReply {
  let create = true;
  let lengthMax: bigint | undefined;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]?.toUpperCase();
    if (word === "NOMKSTREAM") {
      create = false;
    } else if (word === "MAXLEN") {
      if (words[at + 1] === "=" || words[at + 1] === "~") at++;
      lengthMax = parseInt64(words[++at] ?? "");
      if (lengthMax === undefined) return notAnInteger;
      if (lengthMax < 0n) return failed("ERR The MAXLEN argument must be >= 0.");
    } else {
      break;
    }
  }
  const idWord = words[at];
  const fields = words.slice(at + 1);
  const id = idWord === "*" ? idWord : parseId(idWord ?? "");
  if (idWord !== undefined && id === undefined) return invalidId;
  if (id === undefined || fields.length < 2 || fields.length % 2 === 1) return wrongArity("xadd");
  if (id !== "*" && id.ms === 0n && (id.seq === 0n || id.seq === undefined)) return zeroId;
  return { create, lengthMax, id, fields };
}

function chooseId(wanted: PartialId | "*", last: StreamId, now: number): StreamId | ErrorReply {
  const after = nextId(last);
  if (after === undefined) return exhausted;
  if (wanted === "*") return BigInt(now) > last.ms ? { ms: BigInt(now), seq: 0n } : after;
  if (wanted.seq === "*") {
    if (wanted.ms === last.ms && after.ms === last.ms) return after;
    return wanted.ms > last.ms ? { ms: wanted.ms, seq: 0n } : notGreater;
  }
  const id = { ms: wanted.ms, seq: wanted.seq ?? 0n };
  return compareIds(id, last) > 0 ? id : notGreater;
}

function range(
  { keys }: Database,
  key = "",
  fromWord = "",
  toWord = "",
  options: CommandLine,
  reversed: boolean,
): Reply {
  const from = bound(fromWord, "from");
  const to = bound(toWord, "to");
  if (isErrorReply(from)) return from;
  if (isErrorReply(to)) return to;
  const count = parseCount(options);
  if (isErrorReply(count)) return count;
  const stream = keys.typed(key, "stream");
  if (isErrorReply(stream)) return stream;
  if (stream === undefined) return [];
  if (count !== undefined && count <= 0) return null;
  const found = stream.entries.filter(({ id }) => compareIds(id, from) >= 0 && compareIds(id, to) <= 0);
  if (reversed) found.reverse();
  return found.slice(0, count).map(({ id, fields }) => [idText(id), fields]);
}

function bound(word: string, side: "from" | "to"): StreamId | ErrorReply {
  if (word === "-") return firstId;
  if (word === "+") return lastId;
  const exclusive = word.startsWith("(");
  const id = parseId(exclusive ? word.slice(1) : word);
  if (id === undefined || id.seq === "*") return invalidId;
  const whole = { ms: id.ms, seq: id.seq ?? (side === "from" ? 0n : lastId.seq) };
  if (!exclusive) return whole;
  return side === "from"
    ? (nextId(whole) ?? failed("ERR invalid start ID for the interval"))
    : (previousId(whole) ?? failed("ERR invalid end ID for the interval"));
}

function parseCount(options: CommandLine): number | undefined | ErrorReply {
  let count: number | undefined;
  for (let i = 0; i < options.length; i += 2) {
    if (options[i]?.toUpperCase() !== "COUNT" || options[i + 1] === undefined) return syntaxError;
    const value = parseInt64(arg(options, i + 1));
    if (value === undefined) return notAnInteger;
    count = Number(value);
  }
  return count;
}
