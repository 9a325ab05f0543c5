/** Diagnostics as text for people, and as JSON for programs. */
import type { Diagnostic, Place } from "./diagnostic.ts";

export interface TextOptions {
  /** With ANSI colours. */
  readonly colour?: boolean;
}

/**
 * One block a diagnostic: `file:line:column: error: message [code]`, the source line with carets, hint and related place.
 * Ends with a newline, unless there is nothing to say.
 */
export function diagnosticsAsText(diagnostics: readonly Diagnostic[], { colour = false }: TextOptions = {}): string {
  const paint = colour ? painted : plain;
  return diagnostics.map((diagnostic) => `${blockOf(diagnostic, paint).join("\n")}\n`).join("\n");
}

/** `2 errors, 1 warning`. */
export function countOf(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const counted = [plural(errors, "error"), plural(warnings, "warning")].filter((text) => !text.startsWith("0 "));
  return counted.length === 0 ? "no findings" : counted.join(", ");
}

/** An array of diagnostics as they are, indented. */
export const diagnosticsAsJson = (diagnostics: readonly Diagnostic[]): string => JSON.stringify(diagnostics, null, 2);

type Style = "error" | "warning" | "place" | "faint";
type Paint = (style: Style, text: string) => string;

const plain: Paint = (_style, text) => text;
const ansiCodes: Readonly<Record<Style, string>> = { error: "1;31", warning: "1;33", place: "1", faint: "2" };
const painted: Paint = (style, text) => `\u001B[${ansiCodes[style]}m${text}\u001B[0m`;

function blockOf(diagnostic: Diagnostic, paint: Paint): readonly string[] {
  const { severity, message, code, hint, related, excerpt, line } = diagnostic;
  const gutter = String(line);
  const [source, carets] = excerpt;
  const pad = " ".repeat(gutter.length);
  return [
    `${paint("place", placeText(diagnostic))}: ${paint(severity, severity)}: ${oneLine(message)} ${paint("faint", `[${code}]`)}`,
    ...(source === undefined ? [] : [`  ${paint("faint", `${gutter} |`)} ${source}`]),
    ...(carets === undefined
      ? []
      : [`  ${paint("faint", `${pad} |`)} ${carets.replace(/\^+/, (run) => paint(severity, run))}`]),
    ...(hint === undefined ? [] : [`  ${paint("faint", "hint:")} ${oneLine(hint)}`]),
    ...(related === undefined ? [] : [`  ${paint("faint", "see:")} ${placeText(related)}`]),
  ];
}

const placeText = ({ file, line, column }: Place): string => `${oneLine(file)}:${line}:${column}`;

/** A name in a document may hold anything, and a terminal must not be told what to do by it. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
