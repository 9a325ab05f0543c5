import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEmbeddedStore } from "../../../control-plane/bridge/embedded-store.ts";
import { globMatches } from "../../../control-plane/bridge/embedded/glob.ts";
import { openRedisStore } from "../../../control-plane/bridge/redis-store.ts";
import {
  isErrorReply,
  type CommandLine,
  type ErrorReply,
  type RedisStore,
  type Reply,
} from "../../../control-plane/bridge/store.ts";
import { publishScript } from "../../../control-plane/publisher/publish-script.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";

/** Few keys, so that commands meet values of every type. */
const key = fc.constantFrom("a", "b", "{c}", "é");
const value = fc.oneof(
  fc.constantFrom("", "0", "7", "-3", "9223372036854775807", "1.5", "07", " 1"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const field = fc.constantFrom("f", "g", "");
const index = fc.oneof(
  fc.integer({ min: -4, max: 4 }).map(String),
  fc.constantFrom("x", "", "9223372036854775808", "-9223372036854775808", "+1"),
);
const id = fc.oneof(
  fc.tuple(fc.nat(4), fc.nat(3)).map(([ms, seq]) => `${ms}-${seq}`),
  fc.constantFrom(
    "3",
    "2-*",
    "0-*",
    "0-0",
    "x",
    "1-",
    "-1",
    "18446744073709551615-18446744073709551615",
    "18446744073709551616-0",
  ),
);
const bound = fc.oneof(
  id,
  id.map((text) => `(${text}`),
  fc.constantFrom("-", "+", "(-", "("),
);
/** No times that pass while the test runs. */
const expiry = fc.constantFrom(
  [],
  [],
  ["EX", "1000"],
  ["PX", "1000000"],
  ["EX", "0"],
  ["EX", "-5"],
  ["EX", "x"],
  ["EX"],
  ["EXAT", "1"],
  ["PXAT", "9999999999999"],
  ["KEEPTTL"],
  ["EX", "9223372036854775807"],
  ["PX", "9223372036854775807"],
);
const condition = fc.constantFrom(
  [],
  [],
  ["NX"],
  ["XX"],
  ["nx"],
  ["GET"],
  ["NX", "GET"],
  ["XX", "GET"],
  ["NX", "XX"],
  ["FOO"],
);
const count = fc.constantFrom(
  [],
  [],
  ["COUNT", "1"],
  ["COUNT", "2"],
  ["COUNT", "0"],
  ["COUNT", "-1"],
  ["COUNT", "x"],
  ["COUNT"],
  ["FOO", "1"],
);
const cap = fc.constantFrom(
  [],
  [],
  ["MAXLEN", "2"],
  ["MAXLEN", "=", "1"],
  ["MAXLEN", "0"],
  ["MAXLEN", "-1"],
  ["MAXLEN", "x"],
  ["NOMKSTREAM"],
  ["NOMKSTREAM", "MAXLEN", "3"],
);
const pattern = fc.constantFrom("*", "a", "?", "??", "[a-b]", "[^a]", "\\{*", "{c}", "[", "*é", "");

const line = (...parts: fc.Arbitrary<string | readonly string[]>[]): fc.Arbitrary<CommandLine> =>
  fc.tuple(...parts).map((words) => words.flat());
const word = (text: string) => fc.constant(text);
const some = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 1, maxLength: 3 });
const pair = fc.tuple(field, value);

/** Weighted by repetition: what writes the types that others read. */
const command: fc.Arbitrary<CommandLine> = fc.oneof(
  line(word("SET"), key, value, expiry, condition),
  line(word("SET"), key, value),
  line(
    fc.constantFrom("GET", "STRLEN", "LLEN", "XLEN", "HLEN", "HGETALL", "TYPE", "INCR", "DECR", "PERSIST", "TTL"),
    key,
  ),
  line(fc.constantFrom("MGET", "EXISTS", "DEL", "UNLINK"), some(key)),
  line(fc.constantFrom("INCRBY", "DECRBY"), key, fc.oneof(index, value)),
  line(word("APPEND"), key, value),
  line(fc.constantFrom("RPUSH", "LPUSH"), key, some(value)),
  line(fc.constantFrom("LRANGE", "LTRIM"), key, index, index),
  line(word("LINDEX"), key, index),
  line(word("HSET"), key, pair),
  line(word("HSET"), key, some(value)),
  line(fc.constantFrom("HGET", "HEXISTS"), key, field),
  line(fc.constantFrom("HMGET", "HDEL"), key, some(field)),
  line(word("XADD"), key, cap, id, pair),
  line(word("XADD"), key, id, some(value)),
  line(word("XRANGE"), key, bound, bound, count),
  line(word("XREVRANGE"), key, bound, bound, count),
  line(word("EXPIRE"), key, fc.constantFrom("1000", "0", "-1", "x", "9223372036854775807", "-9223372036854775808")),
  line(word("PEXPIRE"), key, fc.constantFrom("1000000", "0", "-1")),
  line(word("KEYS"), pattern),
  line(word("SCAN"), word("0"), word("MATCH"), pattern, word("COUNT"), word("1000")),
  line(word("SCAN"), word("0"), word("TYPE"), fc.constantFrom("list", "string", "x"), word("COUNT"), word("1000")),
  // From another cursor than 0, which keys come is Redis's own affair.
  line(
    word("SCAN"),
    fc.constantFrom("x", "-1", "0"),
    fc.constantFrom(["COUNT", "0"], ["COUNT", "x"], ["COUNT"], ["FOO", "1"]),
  ),
  line(word("PING"), fc.constantFrom([], [], ["x"], ["x", "y"])),
  line(fc.constantFrom("FLUSHALL", "FLUSHDB"), fc.constantFrom([], ["ASYNC"], ["sync"], ["x"], ["x", "y"])),
  line(word("SCRIPT"), fc.constantFrom(["EXISTS", "x"], ["EXISTS"], ["LOAD"], ["FLUSH"], ["FOO"])),
  line(word("EVALSHA"), fc.constantFrom(["x", "0"], ["x"])),
  line(word("EVAL"), word(publishScript.lua), fc.constantFrom(["x"], ["-1"], ["1"])),
  line(
    word("EVAL"),
    word(publishScript.lua),
    word("4"),
    fc.tuple(key, key, key, key),
    fc.constantFrom(["0", ""], ["1", "r"]),
    fc.constantFrom('{"checkpoint":"o\\n1\\nr\\n"}', '{"checkpoint":"o\\n2\\ns\\n"}'),
    fc.tuple(value, value),
    fc.constantFrom(["channel", "event", "2"], ["channel", "event", "x"]),
  ),
  fc.array(fc.constantFrom("NOSUCH", "get", "Set", "a", "it's"), { minLength: 1, maxLength: 4 }),
);

/** Replies whose order is not part of their meaning, or which hold the time, in a form that compares. */
function comparable([name = ""]: CommandLine, reply: Reply): unknown {
  // Redis adds where in the Lua a script was when a command failed.
  if (isErrorReply(reply)) return reply.error.replace(/ script: [0-9a-f]{40}, on @user_script:\d+\.$/, "");
  const plain = text(reply);
  switch (name.toUpperCase()) {
    case "KEYS":
      return (plain as string[]).sort();
    case "SCAN":
      return (plain as [string, string[]])[1].sort();
    default:
      return plain;
  }
}

const comparableAll = (lines: readonly CommandLine[], replies: readonly Reply[] | ErrorReply): unknown =>
  isErrorReply(replies) ? replies : lines.map((line, i) => comparable(line, replies[i] ?? null));

const text = (reply: Reply): unknown =>
  Array.isArray(reply) ? reply.map(text) : reply instanceof Uint8Array ? Buffer.from(reply).toString("utf8") : reply;

describe.skipIf(!hasRedisServer)(
  "the embedded store against a real Redis (skipped where no redis-server is on PATH)",
  () => {
    let server: RedisServer;
    let real: RedisStore;

    beforeAll(async () => {
      server = await startRedisServer();
      real = await openRedisStore({ url: server.url });
    });
    afterAll(async () => {
      await real.close();
      await server.close();
    });

    const freshPair = async () => {
      await real.command(["FLUSHALL"]);
      await real.command(["SCRIPT", "FLUSH"]);
      return createEmbeddedStore({ now: Date.now, scripts: [publishScript] });
    };

    test("any sequence of commands gets the same replies", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40 }), async (lines) => {
          const embedded = await freshPair();
          for (const line of lines) {
            const [ours, theirs] = await Promise.all([embedded.command(line), real.command(line)]);
            expect({ line, reply: comparable(line, ours) }).toEqual({ line, reply: comparable(line, theirs) });
          }
        }),
        { numRuns: 400 },
      );
    });

    test("any transaction gets the same replies, or is refused by both", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 8 }), async (lines) => {
          const embedded = await freshPair();
          const [ours, theirs] = await Promise.all([embedded.multi(lines), real.multi(lines)]);
          expect(comparableAll(lines, ours)).toEqual(comparableAll(lines, theirs));
        }),
        { numRuns: 100 },
      );
    });

    test("any glob matches the same keys", async () => {
      // ASCII: whether a byte above 127 is in a range depends on the sign of the processor's char.
      const unit = fc.constantFrom("a", "b", "-", "*", "?", "[", "]", "^", "\\");
      const glob = fc.string({ unit, maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(glob, fc.string({ unit, minLength: 1, maxLength: 6 }), async (pattern, name) => {
          await real.command(["FLUSHALL"]);
          await real.command(["SET", name, ""]);
          const theirs = await real.command(["KEYS", pattern]);
          expect(globMatches(pattern, name)).toBe((theirs as readonly Reply[]).length === 1);
        }),
        { numRuns: 3_000 },
      );
    });
  },
);
