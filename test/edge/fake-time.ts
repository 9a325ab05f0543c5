/** A clock that stands still until a test moves it, and sleeps that end when it has. */
export interface FakeTime {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Moves the clock from sleep to sleep, and lets what each one wakes run. */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets run what needs no time to pass. */
  readonly settle: () => Promise<void>;
}

export const startSeconds = 1_800_000_000;

/** Signatures and digests are computed outside of the microtask queue. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

export function fakeTime(): FakeTime {
  let nowMs = startSeconds * 1_000;
  const sleeping: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (ms) => (ms === 0 ? Promise.resolve() : new Promise((wake) => sleeping.push({ atMs: nowMs + ms, wake }))),
    settle,
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = Math.min(...sleeping.map(({ atMs }) => atMs));
        if (next > untilMs) break;
        nowMs = Math.max(nowMs, next);
        const due = sleeping.filter(({ atMs }) => atMs <= nowMs);
        for (const sleeper of due) sleeping.splice(sleeping.indexOf(sleeper), 1);
        for (const { wake } of due) wake();
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}
