/** The text of a source file, and where in it an offset lies: line, column, and what to show of it. */

/** Half-open, in UTF-16 units from the beginning of the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Lines and columns count from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SourceText {
  readonly file: string;
  readonly text: string;
  positionOf(offset: number): Position;
  /** The span's first line, and a line of carets under the span. */
  excerptOf(span: Span): readonly [line: string, carets: string];
}

/** A line longer than this is shown in part. */
const shownCharsMax = 120;
const before = 40;

export function createSourceText(file: string, text: string): SourceText {
  let lineStarts: readonly number[] | undefined;
  const starts = (): readonly number[] => (lineStarts ??= startsOfLines(text));

  const positionOf = (offset: number): Position => {
    const at = Math.max(0, Math.min(offset, text.length));
    const line = lastAtMost(starts(), at);
    return { line: line + 1, column: at - (starts()[line] ?? 0) + 1 };
  };

  return {
    file,
    text,
    positionOf,
    excerptOf({ start, end }) {
      const { line, column } = positionOf(start);
      const from = starts()[line - 1] ?? 0;
      const until = starts()[line] ?? text.length;
      const whole = text.slice(from, until).replace(/[\r\n]+$/, "");
      const cut = whole.length > shownCharsMax && column > before ? column - before : 0;
      const shown = whole.slice(cut, cut + shownCharsMax);
      const indent = shown.slice(0, column - 1 - cut).replace(/[^\t]/g, " ");
      const width = Math.max(1, Math.min(end - start, shown.length - indent.length));
      return [printable(shown), indent + "^".repeat(width)];
    },
  };
}

/** A terminal must not be told what to do by a file's control characters. */
const printable = (line: string): string => line.replace(/[\p{Cc}\u2028\u2029]/gu, (c) => (c === "\t" ? c : "\uFFFD"));

function startsOfLines(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the last number that is at most `value`, in an ascending list that begins with 0. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((ascending[middle] ?? Infinity) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
