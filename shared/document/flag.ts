/** One flag of a document to its entry: variants, default, rollout. */
import type { Json } from "../encoding/json.ts";
import { variantsNamed } from "../flags/targeting-results.ts";
import { everybody, type FlagEntry, type Millipercent, type Rollout } from "./entry.ts";
import type { Path } from "./finding.ts";
import { millipercentOf, percentText } from "./percent.ts";
import { checkReference } from "./reference.ts";
import type { Report } from "./report.ts";
import type { FlagShape } from "./schema.ts";
import { described } from "./shape.ts";

export function normaliseFlag(name: string, flag: FlagShape, report: Report): FlagEntry {
  const path = ["flags", name];
  const variants = new Map(Object.entries(flag.variants));
  checkOneType(variants, [...path, "variants"], report);
  const { defaultVariant } = flag;
  if (defaultVariant !== undefined && defaultVariant !== null) {
    checkReference("variant", defaultVariant, variants, [...path, "defaultVariant"], report);
  }
  const rollout =
    flag.rollout === undefined ? undefined : normaliseRollout(flag.rollout, variants, [...path, "rollout"], report);
  return {
    state: flag.state ?? "ENABLED",
    variants: flag.variants as { readonly [variant: string]: Json },
    ...(defaultVariant === undefined || defaultVariant === null ? {} : { defaultVariant }),
    ...(isEmpty(flag.targeting) ? {} : { targeting: flag.targeting as Json }),
    ...(rollout === undefined ? {} : { rollout }),
    ...(isEmpty(flag.prerequisites) ? {} : { prerequisites: flag.prerequisites }),
    ...(isEmpty(flag.metadata) ? {} : { metadata: flag.metadata }),
  };
}

const isEmpty = (value: object | undefined): value is undefined =>
  value === undefined || Object.keys(value).length === 0;

/** flagd's schema asks for one type; clients that ask for a typed value get an error for the others. */
function checkOneType(variants: ReadonlyMap<string, unknown>, path: Path, report: Report): void {
  const [first, ...rest] = variants;
  const odd = rest.find(([, value]) => typeof value !== typeof first?.[1]);
  if (first === undefined || odd === undefined) return;
  report.warning(
    "mixed_variants",
    [...path, odd[0]],
    `${odd[0]} is a ${typeof odd[1]}, ${first[0]} a ${typeof first[1]}`,
    {
      hint: "give all variants of a flag values of one type",
      related: [...path, first[0]],
    },
  );
}

type Variants = ReadonlyMap<string, unknown>;

function normaliseRollout(
  rollout: NonNullable<FlagShape["rollout"]>,
  variants: Variants,
  path: Path,
  report: Report,
): Rollout | undefined {
  return isPlanShape(rollout)
    ? normalisePlan(rollout, variants, path, report)
    : normaliseShares(rollout, variants, path, report);
}

interface PlanShape {
  readonly variant: string;
  readonly steps: readonly number[];
}
const isPlanShape = (rollout: object): rollout is PlanShape => "steps" in rollout && Array.isArray(rollout.steps);

function normaliseShares(
  shares: { readonly [variant: string]: number },
  variants: Variants,
  path: Path,
  report: Report,
): Rollout | undefined {
  const entry: (readonly [string, Millipercent])[] = [];
  for (const [variant, percent] of Object.entries(shares)) {
    checkReference("variant", variant, variants, [...path, variant], report, true);
    entry.push([variant, checkPercent(percent, [...path, variant], report)]);
  }
  const sum = entry.reduce((total, [, share]) => total + share, 0);
  if (sum > everybody) {
    report.error("rollout_over_100", path, `the shares add up to ${percentText(sum)} %, which is more than 100 %`);
  }
  return entry.length === 0 ? undefined : entry;
}

function normalisePlan(plan: PlanShape, variants: Variants, path: Path, report: Report): Rollout {
  checkReference("variant", plan.variant, variants, [...path, "variant"], report);
  const places = new Map<Millipercent, number>();
  for (const [i, percent] of plan.steps.entries()) {
    const at = [...path, "steps", i];
    const share = checkPercent(percent, at, report);
    const first = places.get(share);
    if (first !== undefined) {
      report.error("duplicate_step", at, `${percent} % is listed twice`, { related: [...path, "steps", first] });
    }
    places.set(share, first ?? i);
  }
  return { variant: plan.variant, steps: [...places.keys()] };
}

function checkPercent(percent: number, path: Path, report: Report): Millipercent {
  const share = millipercentOf(percent);
  if (share.ok) return share.value;
  const message =
    share.error === "percent_range"
      ? `${percent} is no percentage: expected a number from 0 to 100`
      : `${percent} is too fine: a percentage has at most three decimals`;
  report.error(share.error, path, message);
  return 0;
}

/**
 * Variants that the targeting names and the flag doesn't have. A warning: flagd takes such a file too, and evaluates to
 * an error where the rule comes to that result.
 */
export function checkVariantsNamed(
  name: string,
  rule: Json,
  variants: { readonly [variant: string]: unknown },
  segment: (name: string) => Json | undefined,
  report: Report,
): void {
  for (const { variant, path } of variantsNamed(rule, segment)) {
    if (Object.hasOwn(variants, variant)) continue;
    const hint = `there is ${Object.keys(variants).slice(0, 8).join(", ")}`;
    report.warning(
      "targeting_variant",
      ["flags", name, "targeting", ...path],
      `there is no variant ${described(variant)}`,
      { hint },
    );
  }
}
