/** Rules and contexts at random, over all operators, within what both evaluators mean alike (docs/evaluation.md). */
import * as fc from "fast-check";
import type { Json } from "../../shared/encoding/json.ts";
import type { EvaluationContext } from "../../shared/flags/context.ts";

const names = "email age roles user user.name user.tags user.address.city beta version nothing missing targetingKey";
const path = fc.constantFrom(...names.split(" "), "$flagd.flagKey", "roles.0", "user\\.name");
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    1,
    2,
    -1,
    1.5,
    "on",
    "off",
    "true",
    "1",
    "",
    "admin",
    "@acme.com",
    "1.2.3",
  ),
  fc.integer({ min: -5, max: 40 }),
  fc.string({ maxLength: 3, unit: "grapheme-ascii" }),
);

/** Values below a name are objects or absent: the engine's shortcut for a path through a text or a number is its own. */
export const context: fc.Arbitrary<EvaluationContext> = fc.record(
  {
    targetingKey: fc.oneof(fc.constantFrom("", "u1", "u2"), fc.uuid()),
    email: fc.constantFrom<Json>("ann@acme.com", "bob@example.org", "", 5),
    age: fc.constantFrom<Json>(1, 17, 18, 40, "18", "abc", true),
    roles: fc.constantFrom<Json>(["admin"], ["user", "admin"], [], [1, 2, 3], ["1", "2"], [0, "", null]),
    user: fc.constantFrom<Json>(
      { name: "ann", tags: ["x", "y"], address: { city: "Bonn" } },
      { name: "", tags: [] },
      {},
    ),
    beta: fc.boolean(),
    version: fc.constantFrom<Json>("1.2.3", "v2.0.0", "1.2", "2.0.0-rc.1", "2.0.0-rc.1+7", "nope", 2, 1.2),
    nothing: fc.constant(null),
  },
  { requiredKeys: [] },
);

const operation = (operator: fc.Arbitrary<string>, args: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.tuple(operator, args).map(([name, value]) => ({ [name]: value }));
const one = (names: string): fc.Arbitrary<string> => fc.constantFrom(...names.split(" "));

const attribute: fc.Arbitrary<Json> = fc.oneof(
  path.map((name) => ({ var: name })),
  fc.tuple(path, scalar).map(([name, otherwise]) => ({ var: [name, otherwise] })),
);
const list: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>({ var: "roles" }, { var: "user.tags" }, { var: "missing" }),
  fc.array(scalar, { maxLength: 12 }),
);
const item = fc.constantFrom<Json>(
  { "==": [{ var: "" }, "admin"] },
  { "===": [{ var: "" }, 1] },
  { in: [{ var: "" }, "admin,x"] },
  { "!!": [{ var: "" }] },
  { cat: [{ var: "" }, "-"] },
  { "+": [{ var: "" }, 1] },
  { if: [{ "<": [{ var: "" }, 20] }, { var: "" }, null] },
  { "==": [{ var: "../../email" }, "ann@acme.com"] },
  { ">": [{ var: "../index" }, 0] },
);
const step = fc.constantFrom<Json>(
  { "+": [{ var: "accumulator" }, { "+": [{ var: "current" }] }] },
  { cat: [{ var: "accumulator" }, { var: "current" }] },
  { max: [{ var: "accumulator" }, { var: "current" }] },
  { merge: [{ var: "accumulator" }, { var: "current" }] },
  { if: [{ var: "current" }, { var: "current" }, { var: "accumulator" }] },
);

export const rule: fc.Arbitrary<Json> = fc.letrec<{ rule: Json }>((tie) => {
  const rule = tie("rule");
  const several = (minLength: number, maxLength: number) => fc.array(rule, { minLength, maxLength });
  const bucket = fc.tuple(fc.oneof(scalar, rule), fc.oneof(fc.integer({ min: -2, max: 1000 }), rule));
  const fixedBucket = fc.oneof(
    fc.tuple(fc.constantFrom<Json>("on", "off", null, true)),
    fc.tuple(fc.constantFrom<Json>("on", "off"), fc.integer({ min: 0, max: 2 ** 31 })),
  );
  return {
    rule: fc.oneof(
      { maxDepth: 4, depthSize: "large" },
      fc.oneof(scalar, attribute),
      operation(one("== === != !== < <= > >="), several(2, 3)),
      operation(one("if ?:"), several(0, 5)),
      operation(one("and or"), several(0, 3)),
      operation(one("! !!"), fc.tuple(rule)),
      operation(one("+ - * / % max min cat merge"), several(1, 3)),
      operation(one("+ - * / max min cat merge"), list),
      operation(fc.constant("in"), fc.tuple(rule, fc.oneof(list, attribute))),
      operation(fc.constant("substr"), fc.oneof(fc.tuple(rule, rule), fc.tuple(rule, attribute, rule))),
      operation(one("starts_with ends_with"), several(0, 3)),
      operation(
        fc.constant("sem_ver"),
        fc.tuple(
          fc.oneof(fc.constant({ var: "version" }), rule),
          one("= != < <= > >= ^ ~ =="),
          fc.oneof(fc.constantFrom<Json>("1.2.3", "2.0.0", "1", "2.0.0-rc.2", "v1.2", 1), rule),
        ),
      ),
      operation(fc.constant("fractional"), fc.array(bucket, { minLength: 1, maxLength: 4 })),
      operation(
        fc.constant("fractional"),
        fc
          .tuple(rule, fc.array(fixedBucket, { minLength: 1, maxLength: 4 }))
          .map(([key, buckets]) => [key, ...buckets]),
      ),
      operation(one("map filter all some none"), fc.tuple(list, item)),
      operation(fc.constant("reduce"), fc.tuple(list, step, fc.constantFrom<Json>(0, "", 1, []))),
      operation(fc.constant("missing"), fc.array(path, { maxLength: 3 })),
      operation(
        fc.constant("missing_some"),
        fc.tuple(fc.integer({ min: 0, max: 3 }), fc.array(path, { maxLength: 3 })),
      ),
    ),
  };
}).rule;
