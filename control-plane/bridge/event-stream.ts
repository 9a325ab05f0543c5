/** Subscriptions as server-sent events, in Upstash's lines: `subscribe,<channel>,<n>`, `message,<channel>,<payload>`. */
import { isErrorReply, type ErrorReply, type RedisStore, type Topic } from "./store.ts";

/** A subscriber that reads slower than messages come is cut off here, and finds out from the head what it missed. */
const unreadBytesMax = 8 * 1024 * 1024;
/** A comment line; keeps proxies from closing an idle stream, and finds out about subscribers that are gone. */
const heartbeatMs = 25_000;

const encoder = new TextEncoder();

/** Resolves when all topics are subscribed. The subscriptions end with the stream's reader. */
export async function eventStream(store: RedisStore, topics: readonly Topic[]): Promise<ReadableStream | ErrorReply> {
  const ends: (() => void)[] = [];
  let send: ((text: string) => void) | undefined;
  let early = "";
  const emit = (text: string): void => {
    if (send === undefined) early += text;
    else send(text);
  };
  const endAll = (): void => {
    for (const end of ends.splice(0)) end();
  };
  for (const topic of topics) {
    const subscribed = await store.subscribe(topic, (message, channel) =>
      emit(event("pattern" in topic ? ["pmessage", topic.pattern, channel, message] : ["message", channel, message])),
    );
    if (isErrorReply(subscribed)) {
      endAll();
      return subscribed;
    }
    ends.push(subscribed);
  }
  const confirmations = topics.map((topic, i) =>
    event(
      "pattern" in topic ? ["psubscribe", topic.pattern, String(i + 1)] : ["subscribe", topic.channel, String(i + 1)],
    ),
  );
  let heartbeat: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearInterval(heartbeat);
    endAll();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        send = (text) => {
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) > 0) return;
          end();
          controller.close();
        };
        send(confirmations.join("") + early);
        heartbeat = setInterval(send, heartbeatMs, ": still here\n\n").unref();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: unreadBytesMax }),
  );
}

/**
 * `@upstash/redis` takes each line that starts with `data: ` for a message of its own, so the further lines of a payload
 * have no space there: it sees the first line, and an EventSource sees all.
 */
const event = (parts: readonly string[]): string => `data: ${parts.join(",").replaceAll(/\r\n|\r|\n/g, "\ndata:")}\n\n`;
