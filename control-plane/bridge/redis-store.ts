/**
 * A real Redis as the bridge's store: one connection for commands, one for pub/sub, both reconnecting by themselves.
 * Whatever Redis does, an answer comes within `limits.redisReplyMsMax`: while it is away, commands fail at once.
 */
import { createClient, ErrorReply as RedisErrorReply, RESP_TYPES } from "@redis/client";
import { limits } from "../../shared/limits.ts";
import {
  discarded,
  failed,
  isErrorReply,
  type ErrorReply,
  type Listener,
  type RedisStore,
  type Reply,
  type Topic,
} from "./store.ts";

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, with credentials and database number where needed. */
  readonly url: string;
  /** Told of every lost connection and failed attempt to connect, for the log. */
  readonly onFault?: (fault: Error) => void;
}

type Connection = ReturnType<typeof connection>;

const reconnectMsMax = 1_000;
/** A connection that is silent for this long, pings included, is given up: a dead peer may never close it. */
const silenceMsMax = 15_000;
const queuedCommandsMax = 10_000;
/** Bytes, so that values which aren't UTF-8 survive. */
const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** Waits a moment for the first connection, and answers in any case: a Redis that is down now may come up later. */
export async function openRedisStore({ url, onFault }: RedisStoreOptions): Promise<RedisStore> {
  const commands = connection(url, onFault);
  const messages = connection(url, onFault);
  await Promise.all([answered(commands.connect()), answered(messages.connect())]);

  return {
    command: async (line) => toReply(await answered(commands.sendCommand(line, { typeMapping }))),

    async multi(lines) {
      // In one turn and one chain: nothing comes between, and a lost connection drops them together.
      const chainId = Symbol("multi");
      const sent = [["MULTI"], ...lines, ["EXEC"]].map((line) => commands.sendCommand(line, { typeMapping, chainId }));
      const replies = await answered(Promise.all(sent));
      if (isErrorReply(replies)) return discarded(replies);
      return toReply(replies.at(-1)) as readonly Reply[];
    },

    async subscribe(topic, listener) {
      if (!messages.isReady) return unavailable("it is not connected");
      const deliver: Listener = (message, channel) => listener(message, channel);
      const subscribing = subscribe(messages, topic, deliver);
      const end = (): void => void unsubscribe(messages, topic, deliver).catch(() => undefined);
      const done = await answered(subscribing);
      if (!isErrorReply(done)) return end;
      void subscribing.then(end, () => undefined);
      return done;
    },

    async close() {
      await Promise.all([hangUp(commands), hangUp(messages)]);
    },
  };
}

function connection(url: string, onFault: RedisStoreOptions["onFault"]) {
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: queuedCommandsMax,
    pingInterval: silenceMsMax / 3,
    socket: {
      connectTimeout: limits.redisReplyMsMax,
      socketTimeout: silenceMsMax,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, reconnectMsMax),
    },
  });
  client.on("error", (fault: Error) => onFault?.(fault));
  return client;
}

const subscribe = (client: Connection, topic: Topic, deliver: Listener): Promise<void> =>
  "channel" in topic ? client.subscribe(topic.channel, deliver) : client.pSubscribe(topic.pattern, deliver);

const unsubscribe = (client: Connection, topic: Topic, deliver: Listener): Promise<void> =>
  "channel" in topic ? client.unsubscribe(topic.channel, deliver) : client.pUnsubscribe(topic.pattern, deliver);

async function hangUp(client: Connection): Promise<void> {
  if (client.isReady) await answered(client.close());
  if (client.isOpen) client.destroy();
}

/** What comes of waiting for Redis, within the bound; never rejects. */
async function answered<T>(work: Promise<T>): Promise<T | ErrorReply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ErrorReply>((resolve) => {
    const reply = unavailable(`no answer in ${limits.redisReplyMsMax} ms; the command may have run`);
    timer = setTimeout(resolve, limits.redisReplyMsMax, reply);
  });
  try {
    return await Promise.race([work, late]);
  } catch (fault) {
    if (fault instanceof RedisErrorReply) return failed(fault.message);
    return unavailable(fault instanceof Error ? fault.message : String(fault));
  } finally {
    clearTimeout(timer);
  }
}

const unavailable = (why: string): ErrorReply => ({ error: `ERR Redis is unreachable: ${why}`, unavailable: true });

function toReply(value: unknown): Reply {
  if (Array.isArray(value)) return value.map(toReply);
  return value instanceof RedisErrorReply ? failed(value.message) : (value as Reply);
}
