/** The names that people give to flags, variants, segments, backends and routes. */
import { limits } from "../limits.ts";

const controlCharacter = /\p{Cc}/u;

/**
 * Any text of 1 to `limits.keyCharsMax` UTF-16 units without control characters. `__proto__` is no name: in JavaScript
 * an assignment to it replaces an object's prototype instead of adding a member.
 */
export const isName = (text: string): boolean =>
  text.length > 0 &&
  text.length <= limits.keyCharsMax &&
  text !== "__proto__" &&
  text.isWellFormed() &&
  !controlCharacter.test(text);

/** The candidate that is at most two typing mistakes away from what was written: "did you mean …?" */
export function nearestName(written: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let distanceMax = Math.min(2, Math.floor(written.length / 2));
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) > distanceMax + 0.5) continue;
    // Of two equally near, the one that was begun: `of` is `off` rather than `on`.
    const begun = candidate.startsWith(written) ? 0.5 : 0;
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase()) - begun;
    if (distance > distanceMax || candidate === written) continue;
    nearest = candidate;
    distanceMax = distance - 0.5;
  }
  return nearest;
}

/** Levenshtein's distance: single characters inserted, removed or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
