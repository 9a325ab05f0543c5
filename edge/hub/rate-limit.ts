/** A token bucket: so many at once, and so many a second after that. */
export interface RateLimit {
  /** False: too many. @param nowMs unix milliseconds */
  readonly take: (nowMs: number) => boolean;
}

export function createRateLimit({
  perSecond,
  burst,
}: {
  readonly perSecond: number;
  readonly burst: number;
}): RateLimit {
  let tokens = burst;
  let filledAtMs = 0;
  return {
    take(nowMs) {
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) / 1_000) * perSecond);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
