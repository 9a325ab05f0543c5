import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RouteMatch } from "../../../shared/document/entry.ts";
import {
  compareSpecificity,
  hostMatches,
  overlap,
  pathMatches,
  pathPatternOf,
} from "../../../shared/routes/specificity.ts";

test.each([
  ["/a", "/a", true],
  ["/a", "/a/", false],
  ["/a", "/ab", false],
  ["/a/", "/a/", true],
  ["/a/*", "/a", true],
  ["/a/*", "/a/", true],
  ["/a/*", "/a/b/c", true],
  ["/a/*", "/ab", false],
  ["/a/*", "/", false],
  ["/*", "/", true],
  ["/*", "/x", true],
  [undefined, "/x", true],
])("that the pattern %s matches %s is %s", (pattern, pathname, matches) => {
  expect(pathMatches(pathPatternOf(pattern), pathname)).toBe(matches);
});

test.each([
  ["shop.example.com", "shop.example.com", true],
  ["shop.example.com", "example.com", false],
  ["*.example.com", "shop.example.com", true],
  ["*.example.com", "a.b.example.com", true],
  ["*.example.com", "example.com", false],
  ["*.example.com", ".example.com", false],
  ["*.example.com", "shopexample.com", false],
])("that %s matches the host %s is %s", (pattern, host, matches) => {
  expect(hostMatches(pattern, host)).toBe(matches);
});

describe("the first is more specific", () => {
  test.each<[string, RouteMatch, RouteMatch]>([
    ["exact host before wildcard", { host: "a.b.c" }, { host: "*.b.c", path: "/long/path", methods: ["GET"] }],
    ["longer wildcard before shorter", { host: "*.b.c" }, { host: "*.c", path: "/long" }],
    ["longer path before shorter", { host: "a", path: "/a/b/*" }, { host: "a", path: "/a/*", methods: ["GET"] }],
    ["exact path before prefix", { host: "a", path: "/a" }, { host: "a", path: "/a/*" }],
    ["some path before none", { host: "a", path: "/a/*" }, { host: "a" }],
    ["some methods before all", { host: "a", methods: ["GET", "POST"] }, { host: "a" }],
    ["fewer methods before more", { host: "a", methods: ["GET"] }, { host: "a", methods: ["GET", "POST"] }],
  ])("%s", (_, first, second) => {
    expect(compareSpecificity(first, second)).toBeLessThan(0);
    expect(compareSpecificity(second, first)).toBeGreaterThan(0);
    expect(overlap(first, second)).toBe(false);
  });
});

test.each<[RouteMatch, RouteMatch, boolean]>([
  [{ host: "a" }, { host: "a" }, true],
  [{ host: "a" }, { host: "b" }, false],
  [{ host: "a" }, { host: "a", path: "/*" }, true],
  [{ host: "a", path: "/x/*" }, { host: "a", path: "/y/*" }, false],
  [{ host: "a", methods: ["GET", "POST"] }, { host: "a", methods: ["POST", "PUT"] }, true],
  [{ host: "a", methods: ["GET", "POST"] }, { host: "a", methods: ["POST", "PUT", "DELETE"] }, true],
  [{ host: "a", methods: ["GET"] }, { host: "a", methods: ["POST"] }, false],
  [{ host: "a", methods: ["GET"] }, { host: "a", methods: ["GET"] }, true],
])("that %j and %j overlap is %s", (a, b, overlaps) => {
  expect(overlap(a, b)).toBe(overlaps);
  expect(overlap(b, a)).toBe(overlaps);
});

const hosts = ["a.b.c", "*.b.c", "*.c", "x.c"];
const paths = [undefined, "/*", "/a", "/a/*", "/a/b", "/a/b/*", "/ab"];
const methodLists = [undefined, ["GET"], ["GET", "POST"], ["POST", "PUT"], ["GET", "POST", "PUT"]];
const matches = hosts.flatMap((host) =>
  paths.flatMap((path) =>
    methodLists.map((methods): RouteMatch => ({
      host,
      ...(path === undefined ? {} : { path }),
      ...(methods === undefined ? {} : { methods }),
    })),
  ),
);
const requests = ["a.b.c", "z.b.c", "x.c"].flatMap((host) =>
  ["/", "/a", "/a/b", "/a/b/c", "/ab"].flatMap((path) =>
    ["GET", "POST", "PUT"].map((method) => ({ host, path, method })),
  ),
);
const takes = (match: RouteMatch, { host, path, method }: (typeof requests)[number]): boolean =>
  hostMatches(match.host, host) &&
  pathMatches(pathPatternOf(match.path), path) &&
  (match.methods === undefined || match.methods.includes(method));

test("two routes that take one request are ordered, or told to overlap", () => {
  const undecided = matches.flatMap((a) =>
    matches.flatMap((b) => {
      const together = requests.some((request) => takes(a, request) && takes(b, request));
      const ordered = compareSpecificity(a, b) !== 0;
      return (together && !ordered && !overlap(a, b)) || (overlap(a, b) && !together) ? [[a, b]] : [];
    }),
  );
  expect(undecided).toEqual([]);
});

const winner = (routes: readonly RouteMatch[], request: (typeof requests)[number]): RouteMatch | undefined =>
  [...routes].sort(compareSpecificity).find((match) => takes(match, request));

test("routes that don't overlap have one winner for each request, whatever their order", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(matches, { minLength: 2, maxLength: 12 }), (drawn) => {
      const routes = drawn.filter((route, i) => !drawn.slice(0, i).some((earlier) => overlap(earlier, route)));
      for (const request of requests) expect(winner(routes, request)).toBe(winner(routes.toReversed(), request));
    }),
  );
});
