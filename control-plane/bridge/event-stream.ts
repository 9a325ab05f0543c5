/** Subscriptions as server-sent events, in Upstash's lines: `subscribe,<channel>,<n>`, `message,<channel>,<payload>`. */
import { failed, isErrorReply, type ErrorReply, type RedisStore, type Topic } from "./store.ts";

/** A subscriber that reads slower than messages come is cut off here, and finds out from the head what it missed. */
const unreadBytesMax = 8 * 1024 * 1024;
/** A comment line; keeps proxies from closing an idle stream, and finds out about subscribers that are gone. */
const heartbeatMs = 25_000;

const streamsMax = 1_000;

const encoder = new TextEncoder();

export interface EventStreams {
  /** Resolves when all topics are subscribed. The subscriptions end with the stream's reader, or with `endAll`. */
  readonly open: (topics: readonly Topic[]) => Promise<ReadableStream | ErrorReply>;
  readonly endAll: () => void;
}

export function createEventStreams(store: RedisStore): EventStreams {
  const ends = new Set<() => void>();
  return {
    async open(topics) {
      if (ends.size >= streamsMax) return failed("ERR max number of clients reached");
      const outbox = createOutbox();
      const subscriptions: (() => void)[] = [];
      const end = (): void => {
        ends.delete(end);
        for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
        outbox.close();
      };
      ends.add(end);
      for (const topic of topics) {
        const subscribed = await store.subscribe(topic, (message, channel) =>
          outbox.add(messageEvent(topic, channel, message)),
        );
        if (isErrorReply(subscribed)) {
          end();
          return subscribed;
        }
        subscriptions.push(subscribed);
        // It may have been ended meanwhile.
        if (!ends.has(end)) end();
      }
      return outbox.begin(topics.map(confirmation).join(""), end);
    },
    endAll() {
      for (const end of ends) end();
    },
  };
}

const confirmation = (topic: Topic, i: number): string =>
  event("pattern" in topic ? ["psubscribe", topic.pattern, `${i + 1}`] : ["subscribe", topic.channel, `${i + 1}`]);

const messageEvent = (topic: Topic, channel: string, message: string): string =>
  event("pattern" in topic ? ["pmessage", topic.pattern, channel, message] : ["message", channel, message]);

interface Outbox {
  /** Text for the reader; kept back until the stream begins. */
  readonly add: (text: string) => void;
  readonly begin: (opening: string, onEnd: () => void) => ReadableStream<Uint8Array>;
  readonly close: () => void;
}

function createOutbox(): Outbox {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  let early = "";
  let closed = false;
  let overflow: (() => void) | undefined;

  function add(text: string): void {
    if (closed) return;
    if (controller === undefined) {
      early += text;
      return;
    }
    controller.enqueue(encoder.encode(text));
    if ((controller.desiredSize ?? 0) <= 0) overflow?.();
  }

  return {
    add,
    begin(opening, onEnd) {
      overflow = onEnd;
      return new ReadableStream<Uint8Array>(
        {
          start(given) {
            controller = given;
            if (closed) given.close();
            add(opening + early);
            if (!closed) heartbeat = setInterval(add, heartbeatMs, ": still here\n\n").unref();
          },
          cancel() {
            controller = undefined;
            onEnd();
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: unreadBytesMax }),
      );
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      controller?.close();
      controller = undefined;
    },
  };
}

/**
 * `@upstash/redis` takes each line that starts with `data: ` for a message of its own, so the further lines of a payload
 * have no space there: it sees the first line, and an EventSource sees all.
 */
const event = (parts: readonly string[]): string => `data: ${parts.join(",").replaceAll(/\r\n|\r|\n/g, "\ndata:")}\n\n`;
