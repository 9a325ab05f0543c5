/** Redis's glob-style patterns (KEYS, SCAN MATCH, PSUBSCRIBE, ACL): `*`, `?`, `[a-z]`, `[^a]`, `\x`, over bytes. */

/** Time is at most proportional to the lengths' product: only the last `*` is ever gone back to. */
export function globMatches(pattern: string, text: string): boolean {
  const p = bytes(pattern);
  const t = bytes(text);
  let at = 0;
  let star = -1;
  let starText = 0;
  let i = 0;
  while (i < t.length) {
    if (p[at] === "*") {
      star = at++;
      starText = i;
      continue;
    }
    const next = at < p.length ? matchOne(p, at, t.charAt(i)) : undefined;
    if (next !== undefined) {
      at = next;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++starText;
    } else {
      return false;
    }
  }
  while (p[at] === "*") at++;
  return at === p.length;
}

/** One character a byte, so that `?` is a byte as it is to Redis. */
const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Where the pattern goes on after matching one byte at `at`; `undefined` if the byte doesn't match. */
function matchOne(pattern: string, at: number, byte: string): number | undefined {
  switch (pattern[at]) {
    case "?":
      return at + 1;
    case "[":
      return matchClass(pattern, at + 1, byte);
    case "\\": {
      const escaped = at + 1 < pattern.length ? at + 1 : at;
      return pattern[escaped] === byte ? escaped + 1 : undefined;
    }
    default:
      return pattern[at] === byte ? at + 1 : undefined;
  }
}

function matchClass(pattern: string, from: number, byte: string): number | undefined {
  let at = from;
  const negated = pattern[at] === "^";
  if (negated) at++;
  let found = false;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      at++;
      if (pattern[at] === byte) found = true;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const [low, high] = [pattern.charAt(at), pattern.charAt(at + 2)].sort();
      if (low !== undefined && high !== undefined && byte >= low && byte <= high) found = true;
      at += 2;
    } else if (pattern[at] === byte) {
      found = true;
    }
  }
  return found === negated ? undefined : Math.min(at + 1, pattern.length);
}
