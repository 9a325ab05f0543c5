/**
 * The Redis REST bridge: Upstash's wire format in front of a store, so that one client, `@upstash/redis`, works
 * everywhere. A command goes to `POST /`; `/pipeline` runs many, each with its own result or error; `/multi-exec` runs
 * all or none, atomically; `/subscribe/<channel>` and `/psubscribe/<pattern>` are event streams; `/get/key` works too.
 */
import { Hono, type Context } from "hono";
import { limits } from "../../shared/limits.ts";
import { readBody } from "./body.ts";
import { createEventStreams } from "./event-stream.ts";
import { commandRefusal, topicRefusal } from "./permission.ts";
import {
  discarded,
  failed,
  isErrorReply,
  type CommandLine,
  type ErrorReply,
  type RedisStore,
  type Reply,
  type Topic,
} from "./store.ts";
import { createAuthenticator, type Access, type BridgeToken } from "./token.ts";
import { answer, parseCommand, parseCommands, parsePath, pathSegments } from "./wire.ts";

export interface BridgeOptions {
  readonly store: RedisStore;
  readonly tokens: readonly BridgeToken[];
  readonly requestBytesMax?: number;
  /** Ends all event streams. */
  readonly signal?: AbortSignal;
}

const methods = new Set(["GET", "HEAD", "POST", "PUT"]);

/**
 * 200 `{result}`; 400 `{error}` for what Redis or the bridge refuses; 401 for a missing or unknown token; 405; 413 for a
 * body over the limit; 503 where the store can't be reached. Errors are the words of Redis.
 */
export function createBridge(options: BridgeOptions): Hono {
  const { store, tokens, requestBytesMax = limits.redisRequestBytesMax, signal } = options;
  const authenticate = createAuthenticator(tokens);
  const streams = createEventStreams(store);
  signal?.addEventListener("abort", streams.endAll);
  const bridge = new Hono();

  bridge.all("*", async (c) => {
    if (!methods.has(c.req.method))
      return c.json({ error: "ERR method not allowed" }, 405, { allow: [...methods].join() });
    const access = authenticate(c.req.header("authorization") ?? "");
    if (access === undefined) return c.json({ error: "WRONGPASS invalid or missing auth token" }, 401);
    const syncToken = c.req.header("upstash-sync-token");
    if (syncToken !== undefined) c.header("upstash-sync-token", syncToken);
    if ((c.req.header("upstash-response-format") ?? "json") !== "json") {
      return refuse(c, failed("ERR only the response format json is available"));
    }
    const url = new URL(c.req.url);
    const segments = pathSegments(url.pathname);
    if (segments === undefined) return refuse(c, failed("ERR the path is not percent-encoded UTF-8"));
    const body = await readBody(c.req.raw, requestBytesMax);
    if (!body.ok) return refuse(c, failed(tooLarge(requestBytesMax, body.error)), 413);
    const [first, ...rest] = segments;
    switch (first) {
      case undefined: {
        const line = parseCommand(body.value);
        return line.ok ? one(c, line.value, access) : refuse(c, line.error);
      }
      case "pipeline":
      case "multi-exec": {
        const lines = parseCommands(body.value);
        if (!lines.ok) return refuse(c, lines.error);
        return first === "pipeline" ? pipeline(c, lines.value, access) : transaction(c, lines.value, access);
      }
      case "subscribe":
        return subscribe(
          c,
          rest.map((channel) => ({ channel })),
          access,
        );
      case "psubscribe":
        return subscribe(
          c,
          rest.map((pattern) => ({ pattern })),
          access,
        );
      default:
        return one(c, parsePath(segments, url.searchParams, body.value), access);
    }
  });

  const run = async (line: CommandLine, access: Access): Promise<Reply> =>
    commandRefusal(line, access) ?? store.command(line);

  async function one(c: Context, line: CommandLine, access: Access): Promise<Response> {
    const reply = await run(line, access);
    return isErrorReply(reply) ? refuse(c, reply) : c.json(answer(reply, wantsBase64(c)));
  }

  async function pipeline(c: Context, lines: readonly CommandLine[], access: Access): Promise<Response> {
    const replies = await Promise.all(lines.map((line) => run(line, access)));
    return c.json(replies.map((reply) => answer(reply, wantsBase64(c))));
  }

  async function transaction(c: Context, lines: readonly CommandLine[], access: Access): Promise<Response> {
    const refused = lines.map((line) => commandRefusal(line, access)).find((refusal) => refusal !== undefined);
    const replies = refused ? discarded(refused) : await store.multi(lines);
    if (isErrorReply(replies)) return refuse(c, replies);
    return c.json(replies.map((reply) => answer(reply, wantsBase64(c))));
  }

  async function subscribe(c: Context, topics: readonly Topic[], access: Access): Promise<Response> {
    if (topics.length === 0) return refuse(c, failed("ERR wrong number of arguments for 'subscribe' command"));
    const refused = topics.map((topic) => topicRefusal(topic, access)).find((refusal) => refusal !== undefined);
    const stream = refused ?? (await streams.open(topics));
    if (isErrorReply(stream)) return refuse(c, stream);
    return c.body(stream, 200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  }

  return bridge;
}

const wantsBase64 = (c: Context): boolean => c.req.header("upstash-encoding")?.toLowerCase() === "base64";

const refuse = (c: Context, { error, unavailable }: ErrorReply, status: 400 | 413 = 400): Response =>
  c.json({ error }, unavailable ? 503 : status);

const tooLarge = (limit: number, actual: number): string =>
  `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${actual} bytes`;
