import type { RefusalCode } from "../../../shared/acceptance/refusal.ts";
import type { MeshPins } from "../../../shared/trust/deployment-policy.ts";

/** A text, one that is too large to be written out, or nothing. */
export type Stored = string | { readonly repeat: string; readonly times: number } | null;

/** What `test/reference/make-trust-vectors.ts` writes of a case. Whatever is absent is as in the log's own vectors. */
export interface AcceptanceVector {
  readonly description: string;
  readonly log: "production" | "staging";
  readonly pins?: Partial<MeshPins>;
  /** The release of that log that the router has accepted before; cold where absent. */
  readonly memory?: number;
  readonly candidate: { readonly head: Stored; readonly fresh: Stored };
  readonly store?: {
    readonly leaves?: readonly string[];
    readonly statements?: readonly string[];
    readonly policies?: Readonly<Record<string, Stored>>;
    readonly snapshots?: Readonly<Record<string, Stored>>;
  };
  readonly now: number;
  readonly expect: "accepted" | { readonly step: number; readonly code: RefusalCode };
  readonly fault?: RefusalCode;
  readonly tree?: RefusalCode;
}

/** By name. */
export const acceptanceVectors: readonly (readonly [string, AcceptanceVector])[] = Object.entries(
  import.meta.glob<AcceptanceVector>("./*.json", { eager: true, import: "default" }),
).map(([file, vector]) => [file.replace(/^\.\/|\.json$/g, ""), vector] as const);
