import { describe, expect, test } from "vitest";
import { digestOf } from "../../../shared/encoding/digest.ts";
import { limits } from "../../../shared/limits.ts";
import { encodeMeshPolicy, parseMeshPolicy, type UnsignedPolicy } from "../../../shared/trust/mesh-policy.ts";
import { createVkey, encodeVkey, parseVkey, type KeyType } from "../../../shared/trust/vkey.ts";
import { keyNamed, keys, logs, production } from "../../vectors/trust/load.ts";

const good = JSON.parse(production.policy) as UnsignedPolicy;
const text = (changes: object): string => encodeMeshPolicy({ ...good, ...changes });
const vkeyOf = (name: string): string => keyNamed(name).vkey;
const alice = vkeyOf("alice@example.com");
const ben = vkeyOf("ben@example.com");
const witness = vkeyOf("witness-1.example.org");

/** The same public key under another name, or of another type. */
function renamed(text: string, name: string, type?: KeyType): string {
  const key = parseVkey(text);
  if (!key.ok) throw new Error(key.error);
  return encodeVkey(createVkey(name, type ?? key.value.type, key.value.publicKey));
}

test.each(logs)("the policy of %s reads, and has its digest", (_, log) => {
  const parsed = parseMeshPolicy(log.policy);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(parsed.value).toMatchObject({ text: log.policy, digest: log.policyDigest, origin: log.origin, number: 1 });
  expect(digestOf(log.policy)).toBe(log.policyDigest);
});

test("its keys are read, each in its role", () => {
  const parsed = parseMeshPolicy(
    text({ overrides: [vkeyOf("mallory@example.com")], witnesses: { quorum: 1, keys: [witness] } }),
  );
  if (!parsed.ok) throw new Error(parsed.error);
  const { log, freshness, approvers, overrides, witnesses } = parsed.value;
  expect([log, freshness].map(encodeVkey)).toEqual([good.log, good.freshness]);
  expect({ ...approvers, keys: approvers.keys.map(encodeVkey) }).toEqual(good.approvers);
  expect(overrides.map(encodeVkey)).toEqual([vkeyOf("mallory@example.com")]);
  expect([witnesses.quorum, witnesses.keys.map(encodeVkey)]).toEqual([1, [witness]]);
});

const { approvers } = good;
describe("a policy is refused", () => {
  test.each<[string, object, string]>([
    ["of another type", { type: "flagmesh/policy/v2" }, "policy_malformed"],
    ["of number 0", { number: 0 }, "policy_malformed"],
    ["of half a number", { number: 1.5 }, "policy_malformed"],
    ["with another member", { witness: [] }, "policy_malformed"],
    ["with a negative threshold", { approvers: { ...approvers, threshold: -1 } }, "policy_malformed"],
    ["with a threshold that is text", { approvers: { ...approvers, threshold: "2" } }, "policy_malformed"],
    ["with a log key that is null", { log: null }, "policy_malformed"],
    ["with two log keys", { log: [good.log, alice] }, "policy_malformed"],
    [
      "with more approvers than there may be",
      { approvers: { threshold: 1, keys: Array(limits.approversMax + 1).fill(alice) } },
      "policy_malformed",
    ],
    ["with an empty log key", { log: "" }, "policy_key_invalid"],
    ["with a key whose ID is wrong", { log: good.log.replace(/\+[0-9a-f]{8}\+/, "+00000000+") }, "policy_key_invalid"],
    ["with a log key that cosigns", { log: renamed(good.log, "log", 4) }, "policy_key_invalid"],
    ["with a freshness key that signs", { freshness: renamed(good.freshness, "freshness", 1) }, "policy_key_invalid"],
    [
      "with an approver that cosigns",
      { approvers: { threshold: 1, keys: [renamed(alice, "alice", 4)] } },
      "policy_key_invalid",
    ],
    ["with an override key that cosigns", { overrides: [witness] }, "policy_key_invalid"],
    [
      "with a witness that signs",
      { witnesses: { quorum: 0, keys: [vkeyOf("mallory@example.com")] } },
      "policy_key_invalid",
    ],
    [
      "with a key that anyone can sign for",
      { log: encodeVkey(createVkey("weak", 1, new Uint8Array(32))) },
      "policy_key_invalid",
    ],
    ["with an approver twice", { approvers: { threshold: 2, keys: [alice, alice] } }, "policy_key_repeated"],
    [
      "with an approver under two names",
      { approvers: { threshold: 2, keys: [alice, renamed(alice, "alice-2")] } },
      "policy_key_repeated",
    ],
    ["with the log key as an approver", { approvers: { threshold: 1, keys: [good.log] } }, "policy_key_repeated"],
    ["with the log key as freshness key", { freshness: renamed(good.log, "freshness", 4) }, "policy_key_repeated"],
    [
      "with the freshness key as an approver",
      { approvers: { threshold: 1, keys: [renamed(good.freshness, "x", 1)] } },
      "policy_key_repeated",
    ],
    [
      "with the freshness key as a witness",
      { witnesses: { quorum: 1, keys: [good.freshness] } },
      "policy_key_repeated",
    ],
    ["with an approver as an override key", { overrides: [alice] }, "policy_key_repeated"],
    [
      "with a witness under two names",
      { witnesses: { quorum: 2, keys: [witness, renamed(witness, "w")] } },
      "policy_key_repeated",
    ],
    [
      "with a threshold above its approvers",
      { approvers: { threshold: 3, keys: [alice, ben] } },
      "policy_threshold_impossible",
    ],
    [
      "with a threshold of 1 and no approvers",
      { approvers: { threshold: 1, keys: [] } },
      "policy_threshold_impossible",
    ],
    ["with a quorum above its witnesses", { witnesses: { quorum: 2, keys: [witness] } }, "policy_threshold_impossible"],
  ])("%s", (_, changes, wanted) => {
    expect(parseMeshPolicy(text(changes))).toEqual({ ok: false, error: wanted });
  });

  test.each([
    ["that is no JSON", "{"],
    ["that is null", "null"],
    ["with white space", production.policy.replace(",", ", ")],
    ["with a newline at its end", `${production.policy}\n`],
    ["with a member twice", production.policy.replace("{", `{"number":1,`)],
    ["larger than its bound", text({ origin: "x".repeat(limits.policyBytesMax) })],
  ])("%s", (_, policy) => {
    expect(parseMeshPolicy(policy)).toEqual({ ok: false, error: "policy_malformed" });
  });
});

test("as many approvers as there may be can all be asked for", () => {
  const [first] = keys;
  const many = Array.from({ length: limits.approversMax }, (_, i) => {
    const key = parseVkey(first!.vkey);
    if (!key.ok) throw new Error(key.error);
    return encodeVkey(createVkey(`approver-${i}`, 1, key.value.publicKey.with(0, i).with(1, 7)));
  });
  const parsed = parseMeshPolicy(text({ approvers: { threshold: limits.approversMax, keys: many } }));
  expect(parsed.ok && parsed.value.approvers.keys.length).toBe(limits.approversMax);
});
