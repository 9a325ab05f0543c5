/**
 * What is wrong, or doubtful, in a targeting rule before anybody is evaluated. What flagd loads stays loadable: only an
 * operator that flagd's schema doesn't have is an error, because a flag with one can never be evaluated.
 */
import type { Path } from "../document/finding.ts";
import { nearestName } from "../document/names.ts";
import type { Report } from "../document/report.ts";
import { described } from "../document/shape.ts";
import { isObject, type Json, type JsonObject } from "../encoding/json.ts";
import { limits } from "../limits.ts";
import { operators } from "./operators.ts";
import { isVersionRelation, versionOf } from "./operators/sem-ver.ts";
import { isList, isLiteral } from "./rule.ts";

/**
 * Reports `unknown_operator`, `ambiguous_operator`, `operator_arguments`, `fractional_bucket`, `fractional_weights`,
 * `sem_ver_relation`, `sem_ver_version` and `never_text`. A `$ref` is taken for known.
 */
export function checkTargeting(rule: Json, path: Path, report: Report): void {
  check(rule, path, 0, report);
}

function check(rule: Json, path: Path, depth: number, report: Report): void {
  if (depth > limits.targetingDepthMax) return;
  if (isList(rule)) {
    for (const [i, member] of rule.entries()) check(member, [...path, i], depth + 1, report);
  } else if (isObject(rule) && !isLiteral(rule)) {
    checkOperation(rule, path, report);
    for (const [name, args] of Object.entries(rule)) check(args, [...path, name], depth + 1, report);
  }
}

function checkOperation(rule: JsonObject, path: Path, report: Report): void {
  const [name = "", second] = Object.keys(rule);
  if (second !== undefined) {
    const message = `${described(name)} and ${described(second)} in one mapping: a rule has one operator`;
    return report.error("ambiguous_operator", [...path, second], message, { atKey: true });
  }
  const at = [...path, name];
  const args = rule[name]!;
  if (name === "$ref") return undefined;
  if (!operators.has(name)) {
    const nearest = nearestName(name, operators.keys());
    return report.error("unknown_operator", at, `there is no operator ${described(name)}`, {
      atKey: true,
      ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
    });
  }
  if (checkCount(name, args, at, report)) checks.get(name)?.(args, at, report);
}

type Count = readonly [min: number, max: number];
const any = Infinity;

/** With fewer or more arguments the operator has no result, or not the one that is meant. */
const counts: ReadonlyMap<string, Count> = new Map<string, Count>([
  ...["==", "===", "!=", "!==", "<", "<=", ">", ">="].map((name) => [name, [2, any]] as const),
  ...["map", "filter", "all", "none", "some", "in"].map((name) => [name, [2, 2]] as const),
  ...["starts_with", "ends_with", "missing_some"].map((name) => [name, [2, 2]] as const),
  ["if", [2, any]],
  ["?:", [2, any]],
  ["and", [1, any]],
  ["or", [1, any]],
  ["var", [0, 2]],
  ["!", [1, 1]],
  ["!!", [1, 1]],
  ["reduce", [2, 3]],
  ["substr", [2, 3]],
  ["sem_ver", [3, 3]],
  ["%", [2, any]],
  ["/", [1, any]],
  ["-", [1, any]],
  ["max", [1, any]],
  ["min", [1, any]],
  ["fractional", [1, any]],
]);

/** An operation in place of a list may well make one, but not for these, which read their arguments one by one. */
const lazy = new Set(["if", "?:", "and", "or", "==", "===", "!=", "!==", "<", "<=", ">", ">=", "reduce"]);
const loops = new Set(["map", "filter", "all", "none", "some"]);

function checkCount(name: string, args: Json, at: Path, report: Report): boolean {
  if (!isList(args) && !isLiteral(args) && !lazy.has(name) && !loops.has(name)) return true;
  const count = isList(args) ? args.length : lazy.has(name) || loops.has(name) ? 0 : 1;
  const [min, max] = counts.get(name) ?? [0, any];
  if (count >= min && count <= max) return true;
  const wanted = min === max ? String(min) : max === any ? `at least ${min}` : `${min} to ${max}`;
  report.warning("operator_arguments", at, `${name} takes a list of ${wanted} arguments; found ${foundText(args)}`);
  return false;
}

const foundText = (args: Json): string => (isList(args) ? String(args.length) : described(args));

type Check = (args: Json, at: Path, report: Report) => void;

const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["fractional", checkFractional],
  ["sem_ver", checkSemVer],
  ["starts_with", checkTexts],
  ["ends_with", checkTexts],
]);

const totalWeightMax = 2 ** 31 - 1;

function checkFractional(args: Json, at: Path, report: Report): void {
  if (!isList(args)) return;
  let total: number | undefined = 0;
  for (const [i, bucket] of args.entries()) {
    if (i === 0 && !isList(bucket) && (typeof bucket === "string" || !isLiteral(bucket))) continue;
    if (!isList(bucket) || bucket.length === 0 || bucket.length > 2) {
      const message = `a bucket is a list of a variant and its weight; found ${described(bucket)}`;
      report.warning("fractional_bucket", [...at, i], message, { hint: "without a sound bucket nothing is dealt" });
      return;
    }
    const [, weight = 1] = bucket;
    if (!isLiteral(weight)) {
      total = undefined;
    } else if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0) {
      const message = `a weight is a whole number from 0; found ${described(weight)}`;
      return report.warning("fractional_weights", [...at, i, 1], message);
    } else if (total !== undefined) {
      total += weight;
    }
  }
  if (total === 0) report.warning("fractional_weights", at, "no bucket weighs anything: nothing is dealt");
  if (total !== undefined && total > totalWeightMax) {
    report.warning(
      "fractional_weights",
      at,
      `the weights add up to ${total}, more than ${totalWeightMax}: nothing is dealt`,
    );
  }
}

function checkSemVer(args: Json, at: Path, report: Report): void {
  if (!isList(args)) return;
  const [first, relation, second] = args;
  if (isLiteral(relation!) && !isVersionRelation(relation)) {
    report.warning("sem_ver_relation", [...at, 1], `expected = != < <= > >= ^ or ~; found ${described(relation)}`);
  }
  for (const [i, version] of [
    [0, first],
    [2, second],
  ] as const) {
    if (isLiteral(version!) && versionOf(version) === undefined) {
      report.warning("sem_ver_version", [...at, i], `expected a version such as 1.2.3; found ${described(version)}`);
    }
  }
}

function checkTexts(args: Json, at: Path, report: Report): void {
  if (!isList(args)) return;
  for (const [i, text] of args.entries()) {
    if (!isLiteral(text) || typeof text === "string") continue;
    report.warning("never_text", [...at, i], `expected a text; found ${described(text)}`);
  }
}
