import type { Digest } from "../../../shared/encoding/digest.ts";
import type { Approvals } from "../../../shared/trust/approval.ts";
import type { Detail } from "../../../shared/trust/detail.ts";
import type { Overlay } from "../../../shared/trust/overlay.ts";
import deployment from "./deployment.json" with { type: "json" };
import keysJson from "./keys.json" with { type: "json" };
import productionJson from "./production.json" with { type: "json" };
import stagingJson from "./staging.json" with { type: "json" };

/** What `test/reference/make-trust-vectors.ts` writes of a log. */
export interface LogVector {
  readonly mesh: string;
  readonly origin: string;
  readonly policy: string;
  readonly policyDigest: Digest;
  readonly revisions: readonly {
    readonly revision: number;
    readonly parent: string;
    readonly configRoot: string;
    readonly configSize: number;
    readonly snapshotDigest: Digest;
    readonly snapshot: string;
  }[];
  readonly releases: readonly ReleaseVector[];
}

export interface ReleaseVector {
  readonly release: number;
  readonly revision: number;
  readonly approval: string;
  readonly approvals: Approvals;
  readonly overlay: Overlay;
  readonly overlayDigest: Digest;
  readonly detail: Detail;
  readonly detailDigest: Digest;
  readonly statement: string;
  readonly leaf: string;
  readonly checkpoint: string;
  readonly note: string;
  readonly head: string;
  readonly freshAt: number;
  readonly renewedAt: number;
  readonly fresh: string;
}

export interface KeyVector {
  readonly name: string;
  readonly type: number;
  readonly keyId: string;
  readonly publicKey: string;
  readonly vkey: string;
  readonly privateKey: string;
}

export { deployment };
export const keys: readonly KeyVector[] = keysJson;
export const production = productionJson as unknown as LogVector;
export const staging = stagingJson as unknown as LogVector;
export const logs = [
  ["production", production],
  ["staging", staging],
] as const;

export function keyNamed(name: string): KeyVector {
  const key = keys.find((candidate) => candidate.name === name);
  if (key === undefined) throw new Error(`no vector key is named ${name}`);
  return key;
}
