/** Failures of one kind each: counted, the last one remembered for health, and logged once an interval instead of every time. */
export interface Failure {
  readonly code: string;
  /** Place in the order of acceptance, where it is a refusal. */
  readonly step?: number;
  readonly message: string;
}

export interface Failures {
  readonly record: (failure: Failure, nowMs: number) => void;
  readonly counts: () => Readonly<Record<string, number>>;
  readonly last: () => (Failure & { readonly at: string }) | undefined;
}

const logEveryMs = 60_000;

/** @param log receives one line of JSON */
export function createFailures(mesh: string, log: (line: string) => void): Failures {
  const kinds = new Map<string, { count: number; loggedAtMs: number }>();
  let last: { failure: Failure; atMs: number } | undefined;
  return {
    record(failure, nowMs) {
      last = { failure, atMs: nowMs };
      const kind = kinds.get(failure.code) ?? { count: 0, loggedAtMs: -Infinity };
      kinds.set(failure.code, kind);
      kind.count++;
      if (nowMs - kind.loggedAtMs < logEveryMs) return;
      kind.loggedAtMs = nowMs;
      log(JSON.stringify({ level: "warn", event: "config_refused", mesh, count: kind.count, ...failure }));
    },
    counts: () => Object.fromEntries(Array.from(kinds, ([code, { count }]) => [code, count])),
    last: () => last && { ...last.failure, at: new Date(last.atMs).toISOString() },
  };
}
