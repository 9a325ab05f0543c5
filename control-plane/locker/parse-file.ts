/** One file's bytes to the value in them, with the syntax tree that says where each part of it stands. */
import type { Node } from "yaml";
import { fromUtf8 } from "../../shared/encoding/bytes.ts";
import { diagnosticAt, placeIn, type Diagnostic } from "./diagnostic.ts";
import { createSourceText, type SourceText } from "./source-text.ts";
import { parseYamlSyntax, type SyntaxFault } from "./yaml-syntax.ts";
import { valueOfYaml } from "./yaml-value.ts";

export interface ParsedFile {
  readonly source: SourceText;
  readonly diagnostics: readonly Diagnostic[];
  /** Lexical tokens of YAML that were read. */
  readonly tokens: number;
  /** Absent where the syntax is so wrong that there is nothing to go on with. */
  readonly content?: {
    readonly value: unknown;
    readonly root: Node | null;
    /** The node that an alias stands for. */
    readonly targets: ReadonlyMap<Node, Node>;
  };
}

/** Files named `.json` must be JSON; all others are YAML 1.2, of which JSON is a part. Never throws. */
export function parseFile(file: string, bytes: Uint8Array, tokensMax: number): ParsedFile {
  const text = fromUtf8(bytes);
  const source = createSourceText(file, text ?? new TextDecoder().decode(bytes));
  const refused = (faults: readonly SyntaxFault[], tokens = 0): ParsedFile => ({
    source,
    tokens,
    diagnostics: told(faults, source),
  });

  const encoding = text === undefined ? notUtf8(source.text) : findNotText(source.text);
  if (encoding !== undefined) return refused([encoding]);
  const json = file.endsWith(".json") ? findNotJson(source.text) : undefined;
  if (json !== undefined) return refused([json]);
  const { root, faults, tokens } = parseYamlSyntax(source.text, tokensMax);
  if (root === undefined) return refused(faults, tokens);
  const { value, targets, faults: meaning, incomplete } = valueOfYaml(root);
  if (incomplete) return refused(meaning, tokens);
  return { source, tokens, diagnostics: told(meaning, source), content: { value, root, targets } };
}

const told = (faults: readonly SyntaxFault[], source: SourceText): readonly Diagnostic[] =>
  faults.map(({ related, ...fault }) =>
    diagnosticAt(
      { code: fault.code, severity: "error", message: fault.message, hint: fault.hint },
      source,
      fault,
      related === undefined ? undefined : placeIn(source, related),
    ),
  );

function notUtf8(decoded: string): SyntaxFault {
  const start = Math.max(0, decoded.indexOf("\uFFFD"));
  return { code: "not_utf8", message: "the file isn't UTF-8 text", start, end: start + 1 };
}

function findNotText(text: string): SyntaxFault | undefined {
  if (text.startsWith("\uFEFF")) {
    const hint = "save the file as UTF-8 without a byte order mark";
    return { code: "byte_order_mark", message: "the file begins with a byte order mark", hint, start: 0, end: 1 };
  }
  const start = text.search(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/);
  if (start === -1) return undefined;
  const code = text.charCodeAt(start).toString(16).toUpperCase().padStart(4, "0");
  return { code: "not_text", message: `the control character U+${code} stands in the file`, start, end: start + 1 };
}

function findNotJson(text: string): SyntaxFault | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : "not JSON";
    const position = /at position (\d+)/.exec(message)?.[1];
    const start = position === undefined ? text.trimEnd().length : Number(position);
    const told = message.replace(/ in JSON at position.*$/s, "").replace(/, (?:\.\.\.)?".*$/s, "");
    return { code: "json_syntax", message: told, start, end: start + 1 };
  }
}
