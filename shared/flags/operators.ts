/** The operators of targeting rules: those of flagd's targeting schema, and no others. */
import { arithmeticOperators } from "./operators/arithmetic.ts";
import { attributeOperators } from "./operators/attributes.ts";
import { comparisonOperators } from "./operators/comparison.ts";
import { fractionalOperators } from "./operators/fractional.ts";
import { listOperators } from "./operators/lists.ts";
import { logicOperators } from "./operators/logic.ts";
import { semVerOperators } from "./operators/sem-ver.ts";
import { textOperators } from "./operators/text.ts";
import type { Operator } from "./rule.ts";

export const operators: ReadonlyMap<string, Operator> = new Map([
  ...logicOperators,
  ...comparisonOperators,
  ...attributeOperators,
  ...textOperators,
  ...listOperators,
  ...arithmeticOperators,
  ...fractionalOperators,
  ...semVerOperators,
]);
