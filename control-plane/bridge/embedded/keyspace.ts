/** The keys of the embedded store: typed values with an expiry. Expired keys vanish when they are looked at. */
import type { ErrorReply } from "../store.ts";
import { wrongType } from "./errors.ts";
import type { StreamEntry, StreamId } from "./stream-id.ts";

export type Value =
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "list"; readonly items: string[] }
  | { readonly type: "hash"; readonly fields: Map<string, string> }
  | { readonly type: "stream"; readonly entries: StreamEntry[]; last: StreamId };

export type ValueOf<T extends Value["type"]> = Extract<Value, { readonly type: T }>;

interface Slot {
  readonly value: Value;
  /** Unix milliseconds. */
  expiresAt: number | undefined;
}

export interface Keyspace {
  get(key: string): Value | undefined;
  /** The value if it is of that type, `undefined` if the key doesn't exist, else WRONGTYPE. */
  typed<T extends Value["type"]>(key: string, type: T): ValueOf<T> | undefined | ErrorReply;
  /** Replaces value and expiry. */
  set(key: string, value: Value, expiresAt?: number): void;
  delete(key: string): boolean;
  /** Unix milliseconds; `undefined` for a key that stays, or that doesn't exist. */
  expiry(key: string): number | undefined;
  setExpiry(key: string, expiresAt: number | undefined): void;
  names(): string[];
  clear(): void;
}

/** @param now unix milliseconds */
export function createKeyspace(now: () => number): Keyspace {
  const slots = new Map<string, Slot>();

  function live(key: string): Slot | undefined {
    const slot = slots.get(key);
    if (slot?.expiresAt === undefined || now() <= slot.expiresAt) return slot;
    slots.delete(key);
    return undefined;
  }

  return {
    get: (key) => live(key)?.value,
    typed<T extends Value["type"]>(key: string, type: T) {
      const value = live(key)?.value;
      if (value === undefined) return undefined;
      return value.type === type ? (value as ValueOf<T>) : wrongType;
    },
    set(key, value, expiresAt) {
      slots.set(key, { value, expiresAt });
    },
    delete: (key) => live(key) !== undefined && slots.delete(key),
    expiry: (key) => live(key)?.expiresAt,
    setExpiry(key, expiresAt) {
      const slot = live(key);
      if (slot !== undefined) slot.expiresAt = expiresAt;
    },
    names: () => [...slots.keys()].filter((key) => live(key) !== undefined),
    clear: () => slots.clear(),
  };
}
