/** The contents of several files as one document, merged by key, remembering which file each entry is from. */
import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import { isMapping } from "../../shared/document/schema.ts";
import { diagnosticAt, diagnosticOfFile, placeIn, type Diagnostic } from "./diagnostic.ts";
import type { ParsedFile } from "./parse-file.ts";
import type { SourceText, Span } from "./source-text.ts";
import { spanOf } from "./yaml-value.ts";

/** Where a top-level key, or a member of a section, stands. */
export interface Origin {
  readonly source: SourceText;
  readonly targets: ReadonlyMap<Node, Node>;
  readonly key: Span;
  readonly value: Node | null;
}

export interface Merged {
  readonly document: { readonly [section: string]: unknown };
  readonly diagnostics: readonly Diagnostic[];
  /** By `originKey`. */
  readonly origins: ReadonlyMap<string, Origin>;
}

const sections = new Set(["flags", "$evaluators", "backends", "routes"]);

export const originKey = (section: string | number, name?: string | number): string =>
  JSON.stringify(name === undefined ? [section] : [section, name]);

export function mergeFiles(files: readonly ParsedFile[]): Merged {
  const document: Record<string, unknown> = {};
  const origins = new Map<string, Origin>();
  const diagnostics: Diagnostic[] = [];

  /** False where the key is taken. */
  function claim(section: string, name: string | undefined, origin: Origin): boolean {
    const taken = origins.get(originKey(section, name));
    if (taken === undefined) {
      origins.set(originKey(section, name), origin);
      return true;
    }
    const message =
      name === undefined ? `${section} is defined twice` : `${JSON.stringify(name)} in ${section} is defined twice`;
    const said = { code: "duplicate_key", severity: "error", message } as const;
    diagnostics.push(diagnosticAt(said, origin.source, origin.key, placeIn(taken.source, taken.key)));
    return false;
  }

  for (const { source, content } of files) {
    if (content === undefined) continue;
    const { root, targets } = content;
    if (!isMap(root) || !isMapping(content.value)) {
      const said = {
        code: "wrong_type",
        severity: "error",
        message: "expected a mapping with flags, backends …",
      } as const;
      diagnostics.push(root === null ? diagnosticOfFile(said, source.file) : diagnosticAt(said, source, spanOf(root)));
      continue;
    }
    const pairs = pairsOf(root);
    for (const [section, value] of Object.entries(content.value)) {
      const pair = pairs.get(section);
      if (pair === undefined || section === "$schema") continue;
      const node = resolved(pair.value, targets);
      const origin = { source, targets, key: spanOf(pair.key), value: node };
      const members = sections.has(section) ? membersOf(section, value, node, origin) : undefined;
      if (members === undefined) {
        if (claim(section, undefined, origin)) document[section] = value;
        continue;
      }
      if (!origins.has(originKey(section))) origins.set(originKey(section), origin);
      const merged = (document[section] ??= {});
      if (!isMapping(merged)) continue;
      for (const [name, member, from] of members) {
        if (claim(section, name, from)) (merged as Record<string, unknown>)[name] = member;
      }
    }
  }
  return { document, diagnostics, origins };
}

type Member = readonly [name: string, value: unknown, origin: Origin];

/** `undefined` where the section is no mapping, which the document's shape will tell. */
function membersOf(section: string, value: unknown, node: Node | null, at: Origin): readonly Member[] | undefined {
  if (isMap(node) && isMapping(value)) {
    const pairs = pairsOf(node);
    return Object.entries(value).flatMap(([name, member]): Member[] => {
      const pair = pairs.get(name);
      if (pair === undefined) return [];
      return [[name, member, { ...at, key: spanOf(pair.key), value: resolved(pair.value, at.targets) }]];
    });
  }
  return section === "flags" && isSeq(node) && Array.isArray(value) ? listedFlags(value, node.items, at) : undefined;
}

/** flagd also reads flags as a list, each with its `key` inside. */
function listedFlags(flags: readonly unknown[], nodes: readonly unknown[], at: Origin): readonly Member[] | undefined {
  const members: Member[] = [];
  for (const [i, flag] of flags.entries()) {
    const node = resolved(nodes[i] as Node | null, at.targets);
    if (!isMapping(flag) || typeof flag["key"] !== "string" || !isMap(node)) return undefined;
    const { key: name, ...rest } = flag;
    const key = pairsOf(node).get("key");
    members.push([name, rest, { ...at, key: spanOf(key?.value ?? node), value: node }]);
  }
  return members;
}

export const resolved = (node: Node | null, targets: ReadonlyMap<Node, Node>): Node | null =>
  node === null ? null : (targets.get(node) ?? node);

/** By key; the first where one is written twice, which is a finding of its own. */
export function pairsOf(node: Node | null): ReadonlyMap<string, Pair<Node, Node | null>> {
  const pairs = new Map<string, Pair<Node, Node | null>>();
  if (!isMap(node)) return pairs;
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = isScalar(pair.key) ? keyText(pair.key) : undefined;
    if (key !== undefined && !pairs.has(key)) pairs.set(key, pair);
  }
  return pairs;
}

const keyText = ({ value, source = "" }: Scalar): string => (typeof value === "string" ? value : source);
