import { describe, expect, test } from "vitest";
import { checkEndpointUrl, isPublicAddress } from "../../../shared/document/url-policy.ts";

const faultOf = (url: string, allowInsecure = false): string | undefined =>
  checkEndpointUrl(url, { allowInsecure })?.code;

describe("allowed", () => {
  test.each([
    "https://a.internal",
    "https://checkout.example.com",
    "https://checkout.example.com/",
    "https://checkout.example.com:8443",
    "HTTPS://Checkout.Example.COM",
    "https://bücher.example",
    "https://8.8.8.8",
    "https://172.15.255.255",
    "https://172.32.0.0",
    "https://100.63.255.255",
    "https://100.128.0.0",
    "https://169.253.255.255",
    "https://223.255.255.255",
    "https://[2606:4700::1111]",
    "https://[2000::1]",
    "https://[3fff:ffff::1]",
  ])("%s", (url) => {
    expect(faultOf(url)).toBeUndefined();
  });
});

describe("refused", () => {
  test.each([
    ["", "bad_url"],
    ["checkout.example.com", "bad_url"],
    ["//checkout.example.com", "bad_url"],
    ["https:checkout.example.com", "bad_url"],
    ["https:///checkout.example.com", "bad_url"],
    [" https://a.example", "bad_url"],
    ["https://a.exa\tmple", "bad_url"],
    ["https://a.example\n", "bad_url"],
    ["https:\\\\a.example", "bad_url"],
    ["https://a.example\\@b.example", "bad_url"],
    ["https://", "bad_url"],
    ["https://a b", "bad_url"],
    ["https://a.example:99999", "bad_url"],
    ["https://1.2.3.4.5", "bad_url"],
    ["http://a.example", "url_not_https"],
    ["ftp://a.example", "url_not_https"],
    ["wss://a.example", "url_not_https"],
    ["file://a/etc/passwd", "url_not_https"],
    ["data://a", "url_not_https"],
    ["https://user@a.example", "url_has_credentials"],
    ["https://user:pass@a.example", "url_has_credentials"],
    ["https://:@a.example", "url_has_credentials"],
    ["https://@a.example", "url_has_credentials"],
    ["https://a.example/x", "url_has_path"],
    ["https://a.example//", "url_has_path"],
    ["https://a.example/?", "url_has_path"],
    ["https://a.example?q", "url_has_path"],
    ["https://a.example#", "url_has_path"],
    ["https://a.example/#f", "url_has_path"],
    ["https://localhost", "url_not_public"],
    ["https://LOCALHOST", "url_not_public"],
    ["https://localhost.", "url_not_public"],
    ["https://a.localhost", "url_not_public"],
    ["https://metadata.google.internal", "url_not_public"],
    ["https://0.0.0.0", "url_not_public"],
    ["https://0", "url_not_public"],
    ["https://10.0.0.1", "url_not_public"],
    ["https://100.64.0.0", "url_not_public"],
    ["https://100.127.255.255", "url_not_public"],
    ["https://127.0.0.1", "url_not_public"],
    ["https://127.255.255.255", "url_not_public"],
    ["https://2130706433", "url_not_public"],
    ["https://0x7f.1", "url_not_public"],
    ["https://0177.0.0.1", "url_not_public"],
    ["https://127.0.0.1.", "url_not_public"],
    ["https://１２７.0.0.1", "url_not_public"],
    ["https://169.254.169.254", "url_not_public"],
    ["https://172.16.0.0", "url_not_public"],
    ["https://172.31.255.255", "url_not_public"],
    ["https://192.168.1.1", "url_not_public"],
    ["https://198.18.0.1", "url_not_public"],
    ["https://224.0.0.1", "url_not_public"],
    ["https://255.255.255.255", "url_not_public"],
    ["https://[::]", "url_not_public"],
    ["https://[::1]", "url_not_public"],
    ["https://[::ffff:127.0.0.1]", "url_not_public"],
    ["https://[::ffff:10.0.0.1]", "url_not_public"],
    ["https://[0:0:0:0:0:ffff:a9fe:a9fe]", "url_not_public"],
    ["https://[64:ff9b::7f00:1]", "url_not_public"],
    ["https://[fc00::1]", "url_not_public"],
    ["https://[fd12:3456::1]", "url_not_public"],
    ["https://[fe80::1]", "url_not_public"],
    ["https://[ff02::1]", "url_not_public"],
    ["https://[2002:7f00:1::]", "url_not_public"],
    ["https://[2001::1]", "url_not_public"],
    ["https://[1fff::1]", "url_not_public"],
    ["https://[4000::1]", "url_not_public"],
  ])("%j as %s", (url, code) => {
    expect(faultOf(url)).toBe(code);
  });
});

describe("for work on one machine", () => {
  test.each([
    "http://a.example",
    "http://127.0.0.1:8791",
    "http://localhost:3000",
    "http://[::1]:3000",
    "https://x.localhost",
  ])("%s is allowed", (url) => {
    expect(faultOf(url, true)).toBeUndefined();
  });

  test.each([
    ["http://10.0.0.1", "url_not_public"],
    ["http://169.254.169.254", "url_not_public"],
    ["http://[fe80::1]", "url_not_public"],
    ["ftp://127.0.0.1", "url_not_https"],
    ["http://u@127.0.0.1", "url_has_credentials"],
  ])("%s still isn't: %s", (url, code) => {
    expect(faultOf(url, true)).toBe(code);
  });
});

test.each([
  ["8.8.8.8", true],
  ["2606:4700::1111", true],
  ["[2606:4700::1111]", true],
  ["127.0.0.1", false],
  ["::1", false],
  ["::ffff:8.8.8.8", false],
  ["fe80::1%eth0", false],
  ["example.com", false],
  ["", false],
])("that %s is a public address is %s", (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});
