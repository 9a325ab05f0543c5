/** Where in the files a path of the document stands. Walks the syntax trees, which only findings make necessary. */
import { isCollection, isSeq, type Node } from "yaml";
import type { Path } from "../../shared/document/finding.ts";
import { originKey, pairsOf, resolved, type Merged, type Origin } from "./merge.ts";
import type { SourceText, Span } from "./source-text.ts";
import { spanOf } from "./yaml-value.ts";

export interface Located {
  readonly source: SourceText;
  readonly span: Span;
}

/**
 * Where a path leads, as far as it exists: the value's span where it is a scalar, else its key's, which says better which
 * mapping is meant than its first line does.
 */
export function locate(path: Path, { origins }: Merged, atKey: boolean): Located | undefined {
  const [section, name] = path;
  if (section === undefined) return undefined;
  const entry = name === undefined ? undefined : origins.get(originKey(section, name));
  const origin: Origin | undefined = entry ?? origins.get(originKey(section));
  if (origin === undefined) return undefined;
  let { key, value }: { key: Span; value: Node | null } = origin;
  let missing = false;
  for (const step of path.slice(entry === undefined ? 1 : 2)) {
    if (isSeq(value) && typeof step === "number") {
      const item = value.items[step] as Node | null | undefined;
      if (item === undefined) {
        missing = true;
        break;
      }
      key = item === null ? key : firstLineOf(item, origin.source);
      value = item === null ? null : resolved(item, origin.targets);
    } else {
      const pair = pairsOf(value).get(String(step));
      if (pair === undefined) {
        missing = true;
        break;
      }
      key = spanOf(pair.key);
      value = pair.value === null ? null : resolved(pair.value, origin.targets);
    }
  }
  const span = missing || atKey || value === null ? key : valueSpan(key, value);
  return { source: origin.source, span };
}

function valueSpan(key: Span, value: Node): Span {
  const span = spanOf(value);
  return isCollection(value) || span.start === span.end ? key : span;
}

/** An item of a list has no key: what stands for it is its first line. */
function firstLineOf(item: Node, { text }: SourceText): Span {
  const { start, end } = spanOf(item);
  const line = text.indexOf("\n", start);
  return { start, end: line === -1 ? end : Math.min(end, line) };
}
