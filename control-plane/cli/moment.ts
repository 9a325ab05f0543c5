/** Points in time as people give them: `7d` from now, a day, or a day and an hour with its zone. */
const unitSeconds = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const spanPattern = /^(\d{1,5})([mhdw])$/;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const zonedPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Unix seconds, or `undefined` where the text is no point in time. A day ends at midnight, UTC. @param now unix seconds */
export function parseMoment(text: string, now: number): number | undefined {
  const [, amount, unit] = spanPattern.exec(text) ?? [];
  if (amount !== undefined) return now + Number(amount) * unitSeconds[unit as keyof typeof unitSeconds];
  const iso = dayPattern.test(text) ? `${text}T23:59:59Z` : zonedPattern.test(text) ? text : undefined;
  const ms = iso === undefined ? NaN : Date.parse(iso);
  return Number.isFinite(ms) ? Math.floor(ms / 1_000) : undefined;
}

/** `2026-12-01 23:59:59 UTC`. @param seconds unix seconds */
export const momentText = (seconds: number): string =>
  `${new Date(seconds * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
