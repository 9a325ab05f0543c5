/**
 * Writes test/vectors/evaluation/targeting.json, what flagd's evaluator gives for rules and contexts at random, for
 * runtimes in which that evaluator doesn't run:
 *
 *     node test/differential/write-vectors.ts test/vectors/evaluation/targeting.json
 */
import * as fc from "fast-check";
import { writeFileSync } from "node:fs";
import type { Json } from "../../shared/encoding/json.ts";
import { flagdEvaluatesRule } from "./flagd.ts";
import { context, rule } from "./rules.ts";

const flagKey = "flag";
const variants = { on: true, off: false, true: "yes", false: "no", "1": 1, "": "empty" };
const defaultVariant = "off";
const seed = 5;
const cases = 2_400;
/** Random rules fail easily; more of those would say little. */
const failures = 300;
const ruleCharsMax = 240;

const lines = new Set<string>();
let failed = 0;
for (const [targeting, attributes] of fc.sample(fc.tuple(rule, context), { seed, numRuns: 20_000 })) {
  if (lines.size === cases) break;
  const text = JSON.stringify(targeting);
  const asking = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name === "targetingKey" || text.includes(name)),
  );
  const evaluation = flagdEvaluatesRule(flagKey, { state: "ENABLED", variants, defaultVariant, targeting }, asking);
  const hasFailed = evaluation.errorCode === "GENERAL" && evaluation.notFound === undefined;
  const isTrivial = typeof targeting !== "object" || targeting === null;
  if (isTrivial || text.length > ruleCharsMax || (hasFailed && failed === failures)) continue;
  const { value: _, ...expected } = evaluation;
  const line = JSON.stringify({ targeting, context: asking as Json, expected });
  if (hasFailed && !lines.has(line)) failed++;
  lines.add(line);
}
const head = JSON.stringify({ flagKey, variants, defaultVariant });
writeFileSync(process.argv[2]!, `{"flag":${head},\n"cases":[\n${[...lines].join(",\n")}\n]}\n`);
