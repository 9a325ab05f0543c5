/** The variants that a targeting rule names, as far as they stand in it. */
import type { Path } from "../document/finding.ts";
import { isObject, type Json } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { isList, truthy } from "./rule.ts";

export interface NamedVariant {
  readonly variant: string;
  /** Where in the rule. What a segment names is found where the rule refers to it. */
  readonly path: Path;
}

interface Result {
  readonly value: string | number | boolean;
  readonly path: Path;
}

/** They answer yes or no, which are the variants `true` and `false`. */
const questions: ReadonlySet<string> = new Set(
  "== === != !== < <= > >= ! !! in all none some starts_with ends_with sem_ver".split(" "),
);

/** Every result that stands in the rule as a value. What attributes bring stays unknown. */
export function variantsNamed(rule: Json, segment: (name: string) => Json | undefined): readonly NamedVariant[] {
  let visitsLeft: number = limits.targetingNodesMax;

  const resultsOf = (rule: Json, path: Path): readonly Result[] => {
    if (--visitsLeft < 0 || path.length > 2 * limits.targetingDepthMax) return [];
    if (rule === null || isList(rule)) return [];
    if (!isObject(rule)) return [{ value: rule, path }];
    const [name = "", ...others] = Object.keys(rule);
    const args = rule[name];
    if (args === undefined || others.length > 0) return [];
    const at = [...path, name];
    if (questions.has(name)) return [true, false].map((value) => ({ value, path: at }));
    if (name === "$ref") return typeof args === "string" ? referredResults(args, at) : [];
    return isList(args) ? listResults(name, args, at) : [];
  };

  const referredResults = (name: string, path: Path): readonly Result[] =>
    resultsOf(segment(name) ?? null, []).map(({ value }) => ({ value, path }));

  const listResults = (operator: string, args: readonly Json[], at: Path): readonly Result[] => {
    const results = (i: number): readonly Result[] => resultsOf(args[i] ?? null, [...at, i]);
    const last = args.length - 1;
    switch (operator) {
      case "if":
      case "?:":
        return args.flatMap((_, i) => (i % 2 === 1 || i === last ? results(i) : []));
      case "and":
      case "or":
        return args.flatMap((_, i) =>
          results(i).filter(({ value }) => i === last || truthy(value) === (operator === "or")),
        );
      case "var":
        return args.length === 2 ? results(1) : [];
      case "fractional":
        return args.flatMap((bucket, i) =>
          isList(bucket) && bucket[1] !== 0 ? resultsOf(bucket[0] ?? null, [...at, i, 0]) : [],
        );
      default:
        return [];
    }
  };

  return resultsOf(rule, []).map(({ value, path }) => ({ variant: String(value), path }));
}
