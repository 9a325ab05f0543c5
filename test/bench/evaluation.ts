/** What one evaluation costs. `node test/bench/evaluation.ts` prints medians. */
import type { Entry, EntryKey, FlagEntry } from "../../shared/document/entry.ts";
import { compileFlags } from "../../shared/flags/compile.ts";
import type { EvaluationContext } from "../../shared/flags/context.ts";
import { murmur3 } from "../../shared/flags/murmur3.ts";

export interface Measured {
  readonly name: string;
  /** Of one operation: the median of the rounds. */
  readonly nanoseconds: number;
}

const rounds = 21;
const roundMs = 8;
const timestamp = 1_800_000_000;
const onOff = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" } as const;

const flags: Readonly<Record<string, FlagEntry>> = {
  static: onOff,
  percentage: { ...onOff, rollout: [["on", 12_500]] },
  "attribute-and-percentage": {
    ...onOff,
    targeting: { if: [{ ends_with: [{ var: "email" }, "@acme.com"] }, "on", null] },
    rollout: [["on", 12_500]],
  },
  "segment-and-percentage": {
    ...onOff,
    targeting: { if: [{ and: [{ $ref: "staff" }, { in: [{ var: "country" }, ["DE", "FR"]] }] }, "on", null] },
    rollout: [["on", 12_500]],
  },
  fractional: {
    ...onOff,
    targeting: {
      fractional: [
        ["on", 25],
        ["off", 75],
      ],
    },
  },
  "fractional-by-attribute": {
    ...onOff,
    targeting: { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "email" }] }, ["on", 25], ["off", 75]] },
  },
  version: { ...onOff, targeting: { if: [{ sem_ver: [{ var: "version" }, ">=", "2.1.0"] }, "on", "off"] } },
  prerequisite: {
    ...onOff,
    rollout: [["on", 50_000]],
    prerequisites: [{ flag: "percentage", variants: ["on", "off"] }],
  },
};

/** Enough contexts that no branch is predicted for all of them. */
const contexts: readonly EvaluationContext[] = Array.from({ length: 1_024 }, (_, i) => ({
  targetingKey: `018f4c2e-7b1a-7c3d-9e4f-${String(i * 7919).padStart(12, "0")}`,
  email: `user-${i}@${i % 3 === 0 ? "acme.com" : "example.org"}`,
  country: i % 2 === 0 ? "DE" : "US",
  version: `2.${i % 4}.0`,
}));

export async function benchEvaluation(): Promise<readonly Measured[]> {
  const entries = new Map<EntryKey, Entry>([["segment:staff", { ends_with: [{ var: "email" }, "@acme.com"] }]]);
  for (const [key, flag] of Object.entries(flags)) entries.set(`flag:${key}`, flag);
  const compiled = compileFlags(entries, {});
  const operations: [string, (context: EvaluationContext) => unknown][] = [
    ["murmur3 of 36 characters", ({ targetingKey }) => murmur3(targetingKey!)],
  ];
  for (const key of compiled.keys) {
    const { evaluate } = compiled.get(key)!;
    operations.push([key, (context) => evaluate(context, timestamp)]);
  }
  const { route } = compiled.get("attribute-and-percentage")!;
  operations.push(["attribute-and-percentage, for a route", (context) => route(context, timestamp)]);
  const measured: Measured[] = [];
  for (const [name, operation] of operations) {
    measured.push({ name, nanoseconds: medianOf(operation) });
    // Lets other work of the process go on between the measurements.
    await Promise.resolve();
  }
  return measured;
}

function medianOf(operation: (context: EvaluationContext) => unknown): number {
  let calls = contexts.length;
  while (timeOf(operation, calls) < roundMs) calls *= 2;
  const times = Array.from({ length: rounds }, () => timeOf(operation, calls) / calls);
  return times.sort((a, b) => a - b)[rounds >> 1]! * 1e6;
}

let sink: unknown;

/** Milliseconds. */
function timeOf(operation: (context: EvaluationContext) => unknown, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) sink = operation(contexts[i & 1023]!);
  return performance.now() - start;
}

if (import.meta.main) {
  for (const { name, nanoseconds } of await benchEvaluation()) {
    console.log(`${nanoseconds.toFixed(0).padStart(6)} ns  ${name}`);
  }
  if (sink === undefined) console.log("nothing was measured");
}
