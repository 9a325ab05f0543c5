/**
 * YAML 1.2 text to its syntax tree, and nothing that YAML has beyond JSON's data model: no directives, no second document.
 * What bounds the work is checked before the work: tokens while they are read, depth before anything recurses.
 */
import { Composer, Lexer, LineCounter, Parser, type CST, type ParsedNode } from "yaml";
import { limits } from "../../shared/limits.ts";
import type { Span } from "./source-text.ts";

export interface SyntaxFault extends Span {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Where the same key was first written. */
  readonly related?: Span;
}

export interface SyntaxTree {
  /** How many were read. */
  readonly tokens: number;
  /** `undefined` where a fault left nothing to go on with. */
  readonly root?: ParsedNode | null;
  readonly faults: readonly SyntaxFault[];
}

/** @param tokensMax more than that are a fault */
export function parseYamlSyntax(text: string, tokensMax: number): SyntaxTree {
  const { tokens, count, fault } = readTokens(text, tokensMax);
  if (fault !== undefined) return { tokens: count, faults: [fault] };
  const directive = tokens.find((token) => token.type === "directive");
  const deep = findTooDeep(tokens);
  if (deep !== undefined) return { tokens: count, faults: [deep] };
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "silent", version: "1.2" });
  const [document, second] = composer.compose(tokens, true, text.length);
  const faults: SyntaxFault[] = (document?.errors ?? []).map(({ pos: [start, end], message }) => ({
    code: "yaml_syntax",
    message,
    start,
    end,
  }));
  if (directive !== undefined) {
    const end = directive.offset + directive.source.length;
    faults.unshift({
      code: "yaml_directive",
      message: `directives such as ${directive.source.split(/\s/, 1)[0]} are not read`,
      hint: "remove the line: documents are YAML 1.2",
      start: directive.offset,
      end,
    });
  }
  if (second !== undefined) {
    const start = text.lastIndexOf("\n---", second.range[0]) + 1;
    faults.push({ code: "many_documents", message: "a second YAML document begins here", start, end: start + 3 });
  }
  const sound = faults.length === 0 && document !== undefined;
  return { tokens: count, faults, ...(sound ? { root: document.contents } : {}) };
}

interface Tokens {
  readonly tokens: readonly CST.Token[];
  readonly count: number;
  readonly fault?: SyntaxFault;
}

function readTokens(text: string, tokensMax: number): Tokens {
  const parser = new Parser(new LineCounter().addNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count++;
    offset += lexeme.length;
    if (count > tokensMax) {
      const message = `the files have more than ${limits.yamlTokensMax} tokens together`;
      return { tokens, count, fault: { code: "too_many_tokens", message, start: offset, end: offset } };
    }
    tokens.push(...parser.next(lexeme));
  }
  tokens.push(...parser.end());
  return { tokens, count };
}

/** Without recursion: a hundred thousand brackets would exhaust the stack of whatever recurses over them. */
function findTooDeep(tokens: readonly CST.Token[]): SyntaxFault | undefined {
  const pending: { readonly token: CST.Token; readonly depth: number }[] = [];
  for (const token of tokens)
    if (token.type === "document" && token.value) pending.push({ token: token.value, depth: 1 });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (!("items" in token)) continue;
    if (depth > limits.yamlDepthMax) {
      const message = `nested deeper than ${limits.yamlDepthMax}`;
      return { code: "too_deep", message, start: token.offset, end: token.offset + 1 };
    }
    for (const { key, value } of token.items) {
      if (value) pending.push({ token: value, depth: depth + 1 });
      if (key) pending.push({ token: key, depth: depth + 1 });
    }
  }
  return undefined;
}
