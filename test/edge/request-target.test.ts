import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTarget } from "../../edge/request-target.ts";

test("a target is scheme, host, path and query of the request, byte for byte", () => {
  expect(parseTarget("https://shop.example.com:8443/caf%C3%A9//x%2Fy/?q=%20&r=a/../b?#frag")).toEqual({
    secure: true,
    authority: "shop.example.com:8443",
    host: "shop.example.com",
    path: "/caf%C3%A9//x%2Fy/",
    query: "?q=%20&r=a/../b?",
  });
  expect(parseTarget("http://localhost/?")).toEqual({
    secure: false,
    authority: "localhost",
    host: "localhost",
    path: "/",
    query: "?",
  });
});

test.each([
  ["http://LocalHost:99/", "localhost", "localhost:99"],
  ["http://[::1]:8787/", "[::1]", "[::1]:8787"],
  ["http://127.0.0.1/", "127.0.0.1", "127.0.0.1"],
  ["http://a_b.example.com./", "a_b.example.com.", "a_b.example.com."],
])("%s is for the host %s", (url, host, authority) => {
  expect(parseTarget(url)).toMatchObject({ host, authority });
});

describe("what workerd makes of an odd Host is none", () => {
  test.each([
    "http://user@localhost/",
    "http://localhost:80@evil.example/",
    "http://user:80/@localhost/",
    "http://localhost\\evil/a",
    "http://localhost?evil/a",
    "http://localhost#evil/a",
    "http://localhost, evil/a",
    "http://localhost:/",
    "http://localhost:123456/",
    "http://local host/",
    "http://localhost%2Fevil/a",
    "http:///a",
    "http://localhost*",
    "http://localhost",
    "https://",
  ])("%s", (url) => {
    const target = parseTarget(url);
    // A user's name is no host of any mesh, but a host's form it may have.
    expect(target === undefined || target.host === "user").toBe(true);
  });
});

describe("a path is matched in the form in which it is sent", () => {
  test.each([
    ["/public/../admin", "/admin"],
    ["/public/%2e%2E/admin", "/admin"],
    ["/public/.%2e/admin", "/admin"],
    ["/public/./x", "/public/x"],
    ["/public/..", "/"],
    ["/..;/admin", "/..;/admin"],
    ["/public\\..\\admin", "/admin"],
    ["/{a}^b", "/%7Ba%7D%5Eb"],
    ["/a|b[c]'d", "/a|b[c]'d"],
    ["/%41%zz%", "/%41%zz%"],
    ["//admin", "//admin"],
    ["//evil.example/../x", "//x"],
    ["/a.b/.c/..d", "/a.b/.c/..d"],
  ])("%s as %s", (sent, matched) => {
    expect(parseTarget(`http://localhost${sent}`)?.path).toBe(matched);
  });

  const pieces = [
    "/",
    ".",
    "..",
    "%2e",
    "%2E",
    "\\",
    "a",
    "%41",
    "%",
    "{",
    "^",
    "|",
    "'",
    ";",
    "@",
    ":",
    "//",
    "~",
    "é",
  ];
  test("whatever it is made of", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 12 }),
        fc.string({ maxLength: 8 }),
        (parts, query) => {
          const target = parseTarget(`http://localhost/${parts.join("")}?${query}`);
          const { pathname, hostname } = new URL(`https://backend.example${target?.path}${target?.query}`);
          expect([target?.path, hostname]).toEqual([pathname, "backend.example"]);
        },
      ),
    );
  });

  test("and no target leads to another origin than the endpoint's", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const target = parseTarget(`http://localhost${text}`);
        if (target === undefined) return;
        expect(target.path.startsWith("/")).toBe(true);
        expect(new URL(`https://backend.example${target.path}${target.query}`).origin).toBe("https://backend.example");
      }),
    );
  });
});
