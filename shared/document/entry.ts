/**
 * Entries: the normalised pieces of a document. They are what is hashed, signed, stored and evaluated, so their JSON
 * shape is a signed format: a change of it changes every root. Members that are absent in the document are absent here,
 * except those with a default that decides what is served (`state`, `weight`).
 *
 * JCS sorts an object's keys, so whatever is ordered stands in an array.
 */
import type { Json, JsonPrimitive } from "../encoding/json.ts";

export type EntryKey = `flag:${string}` | `segment:${string}` | `backend:${string}` | `route:${string}` | "settings";

/** Thousandths of a percent: 12.5 % is 12 500, everybody is 100 000. */
export type Millipercent = number;
export const everybody: Millipercent = 100_000;

/** Shares in document order, or a plan of steps of which the first is served until an overlay names another. */
export type Rollout =
  | readonly (readonly [variant: string, share: Millipercent])[]
  | { readonly variant: string; readonly steps: readonly Millipercent[] };

export interface Prerequisite {
  readonly flag: string;
  readonly variants: readonly string[];
}

export interface FlagEntry {
  readonly state: "ENABLED" | "DISABLED";
  readonly variants: { readonly [variant: string]: Json };
  /** Absent where the document has none, or null: flagd's "code default". */
  readonly defaultVariant?: string;
  /** flagd's JsonLogic, as written; `$ref` names a segment. */
  readonly targeting?: Json;
  readonly rollout?: Rollout;
  readonly prerequisites?: readonly Prerequisite[];
  readonly metadata?: { readonly [key: string]: JsonPrimitive };
}

/** flagd's `$evaluators`: a JsonLogic rule that flags refer to by name. */
export type SegmentEntry = Json;

export interface Endpoint {
  /** An origin: scheme, host and port, nothing behind. */
  readonly url: string;
  /** A whole number from 1 to 1 000. */
  readonly weight: number;
}

export interface HealthCheck {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make an endpoint unhealthy, so many successes healthy. */
  readonly unhealthy: number;
  readonly healthy: number;
}

/** What the running container must prove of itself. */
export interface Attest {
  readonly image: string;
  readonly key: string;
}

interface BackendCommon {
  readonly health?: HealthCheck;
  readonly attest?: Attest;
  readonly maxConcurrent?: number;
  readonly fallback?: string;
}
export type BackendEntry = BackendCommon &
  (
    | { readonly endpoints: readonly Endpoint[] }
    | { /** Name of a Worker service binding. */ readonly service: string }
    | { /** Name of a container's Durable Object binding. */ readonly container: string }
  );

export interface RouteMatch {
  /** Lowercase, without a port: `shop.example.com` or `*.example.com`. */
  readonly host: string;
  /** Begins with `/`; `*` only as its last segment. Absent: every path. */
  readonly path?: string;
  /** Uppercase, sorted. Absent: every method. */
  readonly methods?: readonly string[];
}
export type RouteEntry = { readonly match: RouteMatch } & (
  | {
      readonly flag: string;
      /** Every variant of the flag is covered. */ readonly to: { readonly [variant: string]: string };
    }
  | { readonly backend: string }
);

export type IdentitySource =
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string }
  | { readonly ip: true };

export interface SettingsEntry {
  readonly identity: readonly IdentitySource[];
  readonly debugHeaders?: boolean;
  /** flagd's flag-set metadata: every flag's metadata begins with it. */
  readonly metadata?: { readonly [key: string]: JsonPrimitive };
}

export interface EntryByKind {
  readonly flag: FlagEntry;
  readonly segment: SegmentEntry;
  readonly backend: BackendEntry;
  readonly route: RouteEntry;
}
export type Entry = FlagEntry | SegmentEntry | BackendEntry | RouteEntry | SettingsEntry;

/** A mesh's whole configuration. */
export type Entries = ReadonlyMap<EntryKey, Entry>;

const keyPattern = /^(?:settings|(?:flag|segment|backend|route):.+)$/s;

export const isEntryKey = (text: string): text is EntryKey => keyPattern.test(text);

/** All entries of one kind, by their name without the kind. */
export function* entriesOf<K extends keyof EntryByKind>(
  entries: Entries,
  kind: K,
): Generator<readonly [name: string, entry: EntryByKind[K]]> {
  const prefix = `${kind}:`;
  for (const [key, entry] of entries) {
    if (key.startsWith(prefix)) yield [key.slice(prefix.length), entry as EntryByKind[K]];
  }
}
