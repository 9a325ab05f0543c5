import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RouteMatch } from "../../../shared/document/entry.ts";
import { compileRoutes } from "../../../shared/routes/route-table.ts";
import { overlap } from "../../../shared/routes/specificity.ts";
import { findRoute } from "../../reference/routes.ts";

type Named = readonly [match: RouteMatch, name: string];

const shop: readonly Named[] = [
  [{ host: "shop.example.com" }, "rest"],
  [{ host: "shop.example.com", path: "/checkout" }, "checkout page"],
  [{ host: "shop.example.com", path: "/checkout/*" }, "checkout"],
  [{ host: "shop.example.com", path: "/checkout/pay/*", methods: ["POST"] }, "pay"],
  [{ host: "shop.example.com", path: "/checkout/pay/*", methods: ["DELETE", "POST", "PUT"] }, "change payment"],
  [{ host: "*.example.com", path: "/checkout/pay/now" }, "any pay now"],
  [{ host: "*.example.com" }, "any"],
  [{ host: "*.eu.example.com", path: "/eu/*" }, "any eu"],
  [{ host: "only.example.com", path: "/only" }, "only"],
];

describe("the most specific route is found", () => {
  test.each<[string, string, string, string | undefined]>([
    ["GET", "shop.example.com", "/", "rest"],
    ["GET", "shop.example.com", "/checkout", "checkout page"],
    ["GET", "shop.example.com", "/checkout/", "checkout"],
    ["GET", "shop.example.com", "/checkouts", "rest"],
    ["GET", "shop.example.com", "/Checkout", "rest"],
    ["GET", "shop.example.com", "/%63heckout", "rest"],
    ["GET", "shop.example.com", "//checkout", "rest"],
    ["GET", "shop.example.com", "/checkout/pay", "checkout"],
    ["POST", "shop.example.com", "/checkout/pay", "pay"],
    ["POST", "shop.example.com", "/checkout/pay/x/y", "pay"],
    ["PUT", "shop.example.com", "/checkout/pay/x", "change payment"],
    // An exact host comes before a wildcard, however long the wildcard's path is.
    ["GET", "shop.example.com", "/checkout/pay/now", "checkout"],
    ["GET", "other.example.com", "/checkout/pay/now", "any pay now"],
    ["GET", "other.example.com", "/checkout/pay/now/", "any"],
    ["GET", "a.eu.example.com", "/eu/x", "any eu"],
    ["GET", "a.eu.example.com", "/x", "any"],
    ["GET", "eu.example.com", "/eu/x", "any"],
    // A host that has routes, of which none matches, still lies under the wildcard.
    ["GET", "only.example.com", "/other", "any"],
    ["GET", "only.example.com", "/only", "only"],
    ["GET", "example.com", "/", undefined],
    ["GET", ".example.com", "/", undefined],
    ["GET", "shop.example.com.evil.example", "/", undefined],
    ["GET", "evilshop.example.com", "/", "any"],
    ["GET", "", "/", undefined],
  ])("%s %s%s takes %s", (method, host, path, expected) => {
    expect(compileRoutes(shop).find(host, path, method)).toBe(expected);
    expect(findRoute(shop, host, path, method)).toBe(expected);
  });
});

test("an empty table has no route", () => {
  expect(compileRoutes([]).find("a", "/", "GET")).toBeUndefined();
});

const hosts = ["a.b.c", "*.b.c", "*.c", "b.c", "x.a.b.c"];
const segments = ["", "a", "b", "ab", "a%2Fb", "..", "*x"];
const literal = fc.array(fc.constantFrom(...segments), { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const pattern = fc.oneof(
  fc.constant(undefined),
  literal,
  literal.map((path) => (path === "/" ? "/*" : `${path}/*`)),
);
const methods = fc.oneof(
  fc.constant(undefined),
  fc.subarray(["DELETE", "GET", "POST", "PUT"], { minLength: 1, maxLength: 3 }),
);
const match: fc.Arbitrary<RouteMatch> = fc
  .tuple(fc.constantFrom(...hosts), pattern, methods)
  .map(([host, path, methods]) => ({
    host,
    ...(path === undefined ? {} : { path }),
    ...(methods === undefined ? {} : { methods }),
  }));
/** As a document may have them: no two overlap. */
const routes = fc
  .array(match, { maxLength: 24 })
  .map((drawn) => drawn.filter((route, i) => !drawn.slice(0, i).some((earlier) => overlap(earlier, route))))
  .map((kept) => kept.map((match, i): Named => [match, `route ${i}`]));

test("it is the one that a look at all of them finds, whatever their order", () => {
  fc.assert(
    fc.property(
      routes,
      fc.array(
        fc.tuple(
          fc.constantFrom("a.b.c", "z.b.c", "b.c", "c", "x.a.b.c", "q.c"),
          literal,
          fc.constantFrom("GET", "PUT", "HEAD"),
        ),
        {
          minLength: 8,
          maxLength: 8,
        },
      ),
      (drawn, requests) => {
        const table = compileRoutes(drawn);
        const reversed = compileRoutes(drawn.toReversed());
        for (const [host, path, method] of requests) {
          const expected = findRoute(drawn, host, path, method);
          expect([table.find(host, path, method), reversed.find(host, path, method)]).toEqual([expected, expected]);
        }
      },
    ),
    { numRuns: 500 },
  );
});

const manyRoutes = (count: number): Named[] =>
  Array.from({ length: count }, (_, i): Named => [
    { host: i % 2 === 0 ? "shop.example.com" : "*.example.com", path: `/section-${i}/deep/*`, methods: ["GET"] },
    `route ${i}`,
  ]);

test("each of a thousand routes is found, and what is beside them isn't", () => {
  const routes = manyRoutes(1_000);
  const table = compileRoutes(routes);
  for (const [i, [{ host }, name]] of routes.entries()) {
    const asked = host.replace("*", "any");
    expect(table.find(asked, `/section-${i}/deep/x?`, "GET")).toBe(name);
    expect(table.find(asked, `/section-${i}/deepx`, "GET")).toBeUndefined();
    expect(table.find(asked, `/section-${i}/deep/x`, "POST")).toBeUndefined();
  }
});

test("a path of many slashes costs no more than its length", () => {
  const table = compileRoutes(manyRoutes(1_000));
  const began = performance.now();
  expect(table.find("shop.example.com", "/".repeat(64 * 1024), "GET")).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(50);
});

/** Milliseconds for many look-ups among so many routes; the median of some rounds. */
function timeLookups(count: number): number {
  const table = compileRoutes(manyRoutes(count));
  const rounds = Array.from({ length: 9 }, () => {
    const began = performance.now();
    for (let i = 0; i < 5_000; i++) table.find("shop.example.com", `/section-${(i * 2) % count}/deep/page`, "GET");
    return performance.now() - began;
  });
  return rounds.sort((a, b) => a - b)[4] ?? 0;
}

test("a thousand routes cost about what ten do", () => {
  timeLookups(100);
  // Looking at each of them would cost a hundred times as much.
  expect(timeLookups(1_000)).toBeLessThan(8 * timeLookups(10));
});
