/**
 * A YAML syntax tree to the plain value it means, strictly: what JSON has, with anchors and aliases as a shorthand.
 * It goes on after a fault, so that all of them are found.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type ParsedNode, type YAMLMap } from "yaml";
import { limits } from "../../shared/limits.ts";
import type { Span } from "./source-text.ts";
import type { SyntaxFault } from "./yaml-syntax.ts";

export interface YamlValue {
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
  /** More aliases than are followed: what they stand for is missing from the value. */
  readonly incomplete: boolean;
  /** The node that an alias stands for. */
  readonly targets: ReadonlyMap<Node, Node>;
}

export function valueOfYaml(root: ParsedNode | null): YamlValue {
  const faults: SyntaxFault[] = [];
  const targets = new Map<Node, Node>();
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let aliases = 0;
  let aliased = 0;
  let inAlias = 0;

  const fault = (node: Node, code: string, message: string, more: { hint?: string; related?: Span } = {}): void => {
    // What an alias repeats has been told at its anchor.
    if (inAlias === 0) faults.push({ code, message, ...spanOf(node), ...more });
  };

  function convert(node: Node | null, path: readonly (string | number)[]): unknown {
    if (node === null) return null;
    if (isAlias(node)) return convertAlias(node, node.source, path);
    if (inAlias > 0) aliased++;
    if (aliased > limits.yamlAliasedNodesMax) return null;
    checkTag(node);
    if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node);
    open.add(node);
    const value = convertPlain(node, path);
    open.delete(node);
    return value;
  }

  function convertAlias(node: Node, name: string, path: readonly (string | number)[]): unknown {
    if (inAlias === 0) aliases++;
    const target = anchors.get(name);
    if (target === undefined) {
      fault(node, "unknown_alias", `there is no anchor &${name} before this alias`);
    } else if (open.has(target)) {
      fault(node, "alias_cycle", `*${name} stands for something that contains it`);
    } else if (aliases > limits.yamlAliasesMax) {
      if (aliases === limits.yamlAliasesMax + 1) {
        fault(node, "alias_limit", `more than ${limits.yamlAliasesMax} aliases in one file`);
      }
    } else {
      targets.set(node, target);
      const spent = aliased;
      inAlias++;
      const value = convert(target, path);
      inAlias--;
      if (aliased > limits.yamlAliasedNodesMax && spent <= limits.yamlAliasedNodesMax) {
        fault(node, "alias_limit", `aliases stand for more than ${limits.yamlAliasedNodesMax} values`);
      }
      return value;
    }
    return null;
  }

  function convertPlain(node: Node, path: readonly (string | number)[]): unknown {
    if (isMap(node)) return convertMap(node, path);
    if (isSeq(node)) return node.items.map((item, i) => convert(item as Node | null, [...path, i]));
    if (!isScalar(node)) return null;
    if (typeof node.value === "number") checkNumber(node, node.value, node.source);
    return node.value;
  }

  function convertMap(map: YAMLMap, path: readonly (string | number)[]): unknown {
    const value: Record<string, unknown> = {};
    const first = new Map<string, Node>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = keyOf(pair.key);
      if (key === undefined) continue;
      const earlier = first.get(key);
      if (earlier !== undefined) {
        const related = spanOf(earlier);
        fault(pair.key, "duplicate_key", `the key ${JSON.stringify(key)} stands here a second time`, { related });
        continue;
      }
      first.set(key, pair.key);
      const member = convert(pair.value, [...path, key]);
      // Assigning to __proto__ would set the object's prototype.
      if (key === "__proto__") fault(pair.key, "forbidden_key", "__proto__ can't be a key");
      else value[key] = member;
    }
    checkOrder([...first.keys()], Object.keys(value), map, path);
    return value;
  }

  function keyOf(node: Node): string | undefined {
    if (isAlias(node)) {
      fault(node, "non_string_key", "an alias can't be a key");
      return undefined;
    }
    checkTag(node);
    if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node);
    if (!isScalar(node)) {
      fault(node, "non_string_key", "a key is text; found a list or a mapping");
      return undefined;
    }
    const { value, source = "" } = node;
    if (typeof value !== "string") {
      const kind = value === null ? "null" : `a ${typeof value}`;
      const hint = source === "" ? "write the key, or quotes for an empty one" : `write it in quotes: "${source}"`;
      fault(node, "non_string_key", `a key is text; ${source === "" ? "nothing" : source} is ${kind}`, { hint });
      return source;
    }
    if (value === "<<" && node.type === "PLAIN") {
      const hint = "write the members out, or give the whole mapping an alias";
      fault(node, "merge_key", "YAML 1.2 has no merge key: << would be a key like any other", { hint });
    }
    return value;
  }

  function checkTag(node: Node): void {
    if ("tag" in node && typeof node.tag === "string") {
      const hint = "remove it: quotes make text, their absence makes numbers and booleans";
      fault(node, "yaml_tag", `the tag ${node.tag} is not read`, { hint });
    }
  }

  function checkNumber(node: Node, value: number, source = String(value)): void {
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return;
    const message = Number.isFinite(value)
      ? `${shortened(source)} is beyond the integers that every JSON reader keeps exactly (2^53 - 1)`
      : `${shortened(source)} is not a finite number`;
    fault(node, "unsafe_number", message, { hint: `write it in quotes, as text` });
  }

  /** Members of a JavaScript object that look like whole numbers come first, ascending, wherever they were written. */
  function checkOrder(written: readonly string[], kept: readonly string[], node: Node, path: readonly unknown[]): void {
    const isRollout = path.length === 3 && path[0] === "flags" && path[2] === "rollout";
    if (isRollout && written.filter((key) => key !== "__proto__").some((key, i) => key !== kept[i])) {
      const hint = `write them in this order: ${kept.join(", ")}`;
      fault(node, "rollout_order", "variants named by whole numbers come first, ascending", { hint });
    }
  }

  const value = convert(root, []);
  const incomplete = aliases > limits.yamlAliasesMax || aliased > limits.yamlAliasedNodesMax;
  return { value, faults, incomplete, targets };
}

const shortened = (source: string): string => (source.length > 40 ? `${source.slice(0, 40)}…` : source);

export function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}
