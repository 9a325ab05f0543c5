/** Pub/sub within one process: delivery is at once and in the order of publishing. */
import type { Listener, Topic } from "../store.ts";
import { globMatches } from "./glob.ts";

export interface Subscriptions {
  readonly add: (topic: Topic, listener: Listener) => () => void;
  /** How many subscriptions the message reached. */
  readonly publish: (channel: string, message: string) => number;
  readonly clear: () => void;
}

export function createSubscriptions(): Subscriptions {
  const all = new Set<{ readonly topic: Topic; readonly listener: Listener }>();
  return {
    add(topic, listener) {
      const subscription = { topic, listener };
      all.add(subscription);
      return () => void all.delete(subscription);
    },
    publish(channel, message) {
      const reached = [...all].filter(({ topic }) =>
        "channel" in topic ? topic.channel === channel : globMatches(topic.pattern, channel),
      );
      for (const { listener } of reached) listener(message, channel);
      return reached.length;
    },
    clear: () => all.clear(),
  };
}
