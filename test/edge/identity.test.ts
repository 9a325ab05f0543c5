import { describe, expect, test } from "vitest";
import { createIdentify, type Identity } from "../../edge/identity.ts";
import type { IdentitySource } from "../../shared/document/entry.ts";

const all: readonly IdentitySource[] = [{ header: "x-user-id" }, { cookie: "id" }, { query: "user" }, { ip: true }];

interface Sent {
  readonly headers?: Record<string, string>;
  readonly query?: string;
  readonly secure?: boolean;
}

const identify = (sources: readonly IdentitySource[], { headers = {}, query = "", secure = true }: Sent): Identity =>
  createIdentify(sources, () => "minted")(new Request("http://localhost/", { headers }), { secure, query });

const minted = "id=minted; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=31536000";
const everywhere = {
  headers: { "x-user-id": "of-header", cookie: "id=of-cookie", "cf-connecting-ip": "192.0.2.1" },
  query: "?user=of-query",
};

describe("the first source that the request carries is taken", () => {
  test.each<[string, readonly IdentitySource[], Sent, string | undefined]>([
    ["header", all, everywhere, "of-header"],
    ["cookie", all.slice(1), everywhere, "of-cookie"],
    ["query", all.slice(2), everywhere, "of-query"],
    ["ip", all.slice(3), everywhere, "192.0.2.1"],
    ["in the order of the settings, not of the request", all.toReversed(), everywhere, "192.0.2.1"],
    ["an empty one is none", all, { ...everywhere, headers: { ...everywhere.headers, "x-user-id": "" } }, "of-cookie"],
    ["one of 256 characters", all, { headers: { "x-user-id": "x".repeat(256) } }, "x".repeat(256)],
    ["one of 257 is none", all, { headers: { "x-user-id": "x".repeat(257), cookie: "id=of-cookie" } }, "of-cookie"],
    ["an overlong ip is none", [{ ip: true }], { headers: { "cf-connecting-ip": "1".repeat(257) } }, undefined],
    ["nothing at all", [{ header: "x-user-id" }, { query: "user" }, { ip: true }], {}, undefined],
    ["no sources", [], everywhere, undefined],
    ["a header sent twice is both values, in order", all, { headers: { "x-user-id": "a, b" } }, "a, b"],
    ["a query parameter sent twice is the first", [{ query: "user" }], { query: "?user=a&user=b" }, "a"],
    ["a query parameter is decoded", [{ query: "user" }], { query: "?x=1&user=a%2Bb+c" }, "a+b c"],
    ["a query parameter by its whole name", [{ query: "user" }], { query: "?xuser=a&users=b" }, undefined],
    ["an empty query", [{ query: "user" }], { query: "?" }, undefined],
  ])("%s", (_, sources, sent, expected) => {
    expect(identify(sources, sent).targetingKey ?? undefined).toBe(expected === undefined ? undefined : expected);
  });
});

describe("a cookie is read as sent", () => {
  test.each<[string, string | undefined]>([
    ["id=a", "a"],
    ["other=1; id=a; more=2", "a"],
    ["other=1;id=a;more=2", "a"],
    ["  id=a  ;", "a"],
    ["id=a; id=b", "a"],
    ["id=a=b==", "a=b=="],
    ['id="a"', '"a"'],
    ["id=a%20b", "a%20b"],
    ["xid=1; idx=2; ID=3; id=a", "a"],
    ["noequals; id=a", "a"],
    ["=x; id=a", "a"],
    ["; ; id=a", "a"],
    ["id", undefined],
    ["id=", undefined],
    ["id =a", undefined],
    ["idx=1", undefined],
    [";;;;", undefined],
    [`id=${"x".repeat(257)}`, undefined],
  ])("%j gives %j", (cookie, expected) => {
    const { targetingKey, setCookie } = identify([{ cookie: "id" }], { headers: { cookie } });
    expect([targetingKey, setCookie]).toEqual(expected === undefined ? ["minted", minted] : [expected, undefined]);
  });

  test("a long header without it costs no more than its length", () => {
    const cookie = ";".repeat(64 * 1024);
    expect(identify([{ cookie: "id" }], { headers: { cookie } }).targetingKey).toBe("minted");
  });
});

describe("a minted cookie", () => {
  test("is Secure where the request came over https, and only there", () => {
    expect(identify(all.slice(0, 2), {}).setCookie).toBe(minted);
    expect(identify(all.slice(0, 2), { secure: false }).setCookie).toBe(minted.replace(" Secure;", ""));
  });

  test("is minted only where no source is present, whichever stands first", () => {
    const sources: readonly IdentitySource[] = [{ cookie: "id" }, { query: "user" }];
    expect(identify(sources, { query: "?user=ada" })).toEqual({ targetingKey: "ada", source: "query user" });
    expect(identify(sources, {})).toEqual({ targetingKey: "minted", source: "minted cookie id", setCookie: minted });
  });

  test("has the name of the first cookie among the sources", () => {
    expect(identify([{ cookie: "first" }, { cookie: "second" }], {}).setCookie).toMatch(/^first=minted;/);
  });
});
