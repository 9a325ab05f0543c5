/** References between entries, by name. */
import type { Path } from "./finding.ts";
import { nearestName } from "./names.ts";
import type { Report } from "./report.ts";
import { described } from "./shape.ts";

export type Referred = "flag" | "variant" | "segment" | "backend";

const listedMax = 8;

/** True where the name is known; else `unknown_flag`, `unknown_variant`, `unknown_segment` or `unknown_backend`. */
export function checkReference(
  kind: Referred,
  name: string,
  known: { has(name: string): boolean; keys(): Iterable<string> },
  path: Path,
  report: Report,
  atKey = false,
): boolean {
  if (known.has(name)) return true;
  const names = [...known.keys()];
  const nearest = nearestName(name, names);
  const listed = names.length === 0 ? `none is defined` : `there is ${names.slice(0, listedMax).join(", ")}`;
  const hint = nearest === undefined ? `${listed}${names.length > listedMax ? ", …" : ""}` : `did you mean ${nearest}?`;
  report.error(`unknown_${kind}`, path, `there is no ${kind} ${described(name)}`, {
    hint,
    ...(atKey ? { atKey } : {}),
  });
  return false;
}
