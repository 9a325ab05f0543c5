/**
 * A mesh policy: which keys may sign what for one mesh. Policies are numbered; the digest of the first is pinned in the
 * deployment policy, that of the one in force stands in every statement.
 */
import * as v from "valibot";
import { toBase64 } from "../encoding/bytes.ts";
import { digestOf, type Digest } from "../encoding/digest.ts";
import { canonicalJson } from "../encoding/json.ts";
import { count, digestText, parseStored } from "../encoding/shape.ts";
import { limits } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { parseSignatureLine, type NoteSignature } from "./signed-note.ts";
import { cosignatureType, ed25519Type, parseVkey, type KeyType, type Vkey } from "./vkey.ts";

const keys = v.pipe(v.array(v.string()), v.maxLength(limits.approversMax));

const policySchema = v.strictObject({
  type: v.literal("flagmesh/policy/v1"),
  origin: v.string(),
  number: v.pipe(count, v.minValue(1)),
  /** vkey, type 0x01: signs checkpoints. Held by the control plane. */
  log: v.string(),
  /** vkey, type 0x04: signs freshness and verdicts. Held by the control plane. */
  freshness: v.string(),
  /** With threshold 0 nobody has to approve, and the control plane is trusted with the content. */
  approvers: v.strictObject({ threshold: count, keys }),
  /** vkeys that may sign override tokens for testers. */
  overrides: keys,
  witnesses: v.strictObject({ quorum: count, keys }),
  /** Digest of the policy that this one follows; null for the first. */
  previous: v.nullable(digestText),
  /** Signed-note lines over the policy without them: by the approvers of the one before, and by its own. */
  signatures: v.pipe(v.array(v.string()), v.maxLength(limits.policySignaturesMax)),
});
/** What is signed: all but the signatures. */
export type UnsignedPolicy = Omit<v.InferOutput<typeof policySchema>, "signatures">;

/** A policy with its keys read, and every rule among them checked. */
export interface MeshPolicy {
  /** Its exact stored bytes, which have the digest. */
  readonly text: string;
  readonly digest: Digest;
  readonly origin: string;
  readonly number: number;
  readonly log: Vkey;
  readonly freshness: Vkey;
  readonly approvers: { readonly threshold: number; readonly keys: readonly Vkey[] };
  readonly overrides: readonly Vkey[];
  readonly witnesses: { readonly quorum: number; readonly keys: readonly Vkey[] };
  readonly previous: Digest | null;
  readonly unsigned: UnsignedPolicy;
  readonly signatures: readonly NoteSignature[];
}

export type PolicyFault =
  | "policy_malformed"
  | "policy_key_invalid"
  | "policy_key_repeated"
  | "policy_threshold_impossible";

/** Its exact stored bytes. @param signatures lines, without newlines */
export const encodeMeshPolicy = (policy: UnsignedPolicy, signatures: readonly string[] = []): string =>
  canonicalJson({ ...policy, signatures });

/** The text that signers of a policy sign. */
export const policyMessage = (policy: UnsignedPolicy): string => `flagmesh/policy/v1\n${canonicalJson(policy)}\n`;

export function parseMeshPolicy(text: string): Result<MeshPolicy, PolicyFault> {
  const parsed = parseStored(policySchema, text, limits.policyBytesMax);
  if (!parsed.ok) return err("policy_malformed");
  const { signatures: lines, ...unsigned } = parsed.value;
  const { origin, number, approvers, witnesses, previous } = unsigned;
  if ((number === 1) !== (previous === null)) return err("policy_malformed");
  const signatures = readSignatures(lines);
  if (signatures === undefined) return err("policy_malformed");
  const log = readKeys([parsed.value.log], ed25519Type)?.[0];
  const freshness = readKeys([parsed.value.freshness], cosignatureType)?.[0];
  const approverKeys = readKeys(approvers.keys, ed25519Type);
  const overrides = readKeys(parsed.value.overrides, ed25519Type);
  const witnessKeys = readKeys(witnesses.keys, cosignatureType);
  if (!log || !freshness || !approverKeys || !overrides || !witnessKeys) return err("policy_key_invalid");
  // A key under two names, or in two roles, would count twice.
  const all = [log, freshness, ...approverKeys, ...overrides, ...witnessKeys].map((key) => toBase64(key.publicKey));
  if (new Set(all).size !== all.length) return err("policy_key_repeated");
  if (approvers.threshold > approverKeys.length || witnesses.quorum > witnessKeys.length) {
    return err("policy_threshold_impossible");
  }
  return ok({
    text,
    digest: digestOf(text),
    origin,
    number,
    log,
    freshness,
    approvers: { threshold: approvers.threshold, keys: approverKeys },
    overrides,
    witnesses: { quorum: witnesses.quorum, keys: witnessKeys },
    previous,
    unsigned,
    signatures,
  });
}

function readSignatures(lines: readonly string[]): readonly NoteSignature[] | undefined {
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (!signature.ok) return undefined;
    signatures.push(signature.value);
  }
  return signatures;
}

function readKeys(texts: readonly string[], type: KeyType): readonly Vkey[] | undefined {
  const read: Vkey[] = [];
  for (const text of texts) {
    const key = parseVkey(text);
    if (!key.ok || key.value.type !== type) return undefined;
    read.push(key.value);
  }
  return read;
}
