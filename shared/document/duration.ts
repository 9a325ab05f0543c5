/** Durations as people write them: a whole number and its unit, `500ms`, `10s`, `1m`. */
const durationPattern = /^(\d{1,9})(ms|s|m|h)$/;
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** In milliseconds, or `undefined` where the text is no duration. */
export function millisecondsOf(text: string): number | undefined {
  const parts = durationPattern.exec(text);
  return parts === null ? undefined : Number(parts[1]) * unitMs[parts[2] as keyof typeof unitMs];
}
