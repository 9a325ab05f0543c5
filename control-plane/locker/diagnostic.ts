/** A finding with its place in a file: what people, editors and code review are shown. */
import type { SourceText, Span } from "./source-text.ts";

/** Lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic extends Place {
  /** Stable, `snake_case`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint?: string;
  /** Just behind the last character. Absent where a whole file is meant. */
  readonly endLine?: number;
  readonly endColumn?: number;
  /** The source line and a line of carets under the place; empty where a whole file is meant. */
  readonly excerpt: readonly string[];
  /** Another place that it concerns, e.g. the first definition of a key. */
  readonly related?: Place;
}

export type Said = Pick<Diagnostic, "code" | "severity" | "message"> & { readonly hint?: string | undefined };

export function diagnosticAt(said: Said, source: SourceText, span: Span, related?: Place): Diagnostic {
  const { hint, ...rest } = said;
  const end = source.positionOf(span.end);
  return {
    ...rest,
    ...(hint === undefined ? {} : { hint }),
    ...placeIn(source, span),
    endLine: end.line,
    endColumn: end.column,
    excerpt: source.excerptOf(span),
    ...(related === undefined ? {} : { related }),
  };
}

/** Of a whole file, e.g. one that can't be read. */
export function diagnosticOfFile(said: Said, file: string): Diagnostic {
  const { hint, ...rest } = said;
  return { ...rest, ...(hint === undefined ? {} : { hint }), file, line: 1, column: 1, excerpt: [] };
}

export const placeIn = (source: SourceText, span: Span): Place => ({
  file: source.file,
  ...source.positionOf(span.start),
});

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === "error");

/** By place: file, line, column. */
export const sortedByPlace = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.toSorted(
    (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.code, b.code),
  );

const compareText = (a: string, b: string): number => Number(a > b) - Number(a < b);
