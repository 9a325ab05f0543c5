/**
 * `fractional`, version 2: deals variants by weight. The hash of a bucketing key, MurmurHash3 x86 32 over UTF-8, is
 * scaled to the total weight, and the variant whose share it falls into, in the order they stand, is the result.
 */
import type { Json } from "../../encoding/json.ts";
import { murmur3, murmur3After } from "../murmur3.ts";
import { compileList, isList, isLiteral, type Compiler, type Operator, type Rule, type Value } from "../rule.ts";

export const fractionalOperators: readonly (readonly [string, Operator])[] = [["fractional", compileFractional]];

/** Null: no answer. */
type Variant = string | number | boolean | null;
type Deal = (hash: number) => Variant;

/** As the other evaluators of `fractional`, which count in 32 bits. */
const totalWeightMax = 2 ** 31 - 1;

/** `[bucketing key, [variant, weight], …]`. Where the first is no text but a bucket, flag key + targeting key decides. */
function compileFractional(args: Json, compiler: Compiler): Rule {
  const hashOfTargetingKey = murmur3After(compiler.flagKey);
  const byTargetingKey = (deal: Deal, targetingKey: unknown): Variant =>
    typeof targetingKey === "string" && targetingKey !== "" ? deal(hashOfTargetingKey(targetingKey)) : null;

  if (isList(args) && isLiteral(args) && typeof args[0] !== "string") {
    const deal = dealOf(args);
    return (_data, run) => byTargetingKey(deal, run.context.targetingKey);
  }
  if (isList(args) && args.length > 1 && isLiteral(args.slice(1))) {
    const key = compiler.compile(args[0]!);
    const deal = dealOf(args.slice(1));
    return (data, run, above) => {
      const value = key(data, run, above);
      if (typeof value === "string") return deal(murmur3(value));
      return byTargetingKey(dealOf([value, ...args.slice(1)]), run.context.targetingKey);
    };
  }
  const argumentsOf = compileList(args, compiler);
  return (data, run, above) => {
    const [first, ...rest] = argumentsOf(data, run, above);
    if (typeof first === "string") return dealOf(rest)(murmur3(first));
    return byTargetingKey(dealOf([first, ...rest]), run.context.targetingKey);
  };
}

const dealNothing: Deal = () => null;

/** What is no bucket, or weighs no whole number, spoils the whole: nothing is dealt. */
function dealOf(buckets: readonly Value[]): Deal {
  const dealt: { readonly variant: Variant; readonly end: number }[] = [];
  let total = 0;
  for (const bucket of buckets) {
    if (!isList(bucket) || bucket.length === 0 || bucket.length > 2) return dealNothing;
    const [variant = null, weight = 1] = bucket;
    if (typeof variant === "object" && variant !== null) return dealNothing;
    if (typeof weight !== "number" || !Number.isInteger(weight)) return dealNothing;
    // Weights that a rule computes may come out below 0.
    total += Math.max(0, weight);
    dealt.push({ variant, end: total });
  }
  if (total > totalWeightMax) return dealNothing;
  return (hash) => {
    const at = scaled(hash, total);
    for (let i = 0; i < dealt.length; i++) if (at < dealt[i]!.end) return dealt[i]!.variant;
    return null;
  };
}

/** `(hash × total) >> 32`, exactly: the product may have 63 bits, so it is made of two halves. */
function scaled(hash: number, total: number): number {
  const high = hash >>> 16;
  const low = hash & 0xffff;
  return Math.floor((high * total + Math.floor((low * total) / 0x10000)) / 0x10000);
}
