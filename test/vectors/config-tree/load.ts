import type { Json } from "../../../shared/encoding/json.ts";

/** What `test/reference/config_tree.py` writes. */
export interface ConfigTreeVector {
  readonly origin: string;
  readonly seed: string;
  readonly slots: readonly {
    readonly key: string;
    readonly rev: number;
    readonly value: Json;
    readonly salt: string;
    /** Leaf data, hex. */
    readonly data: string;
    readonly leaf: string;
  }[];
  readonly size: number;
  readonly root: string;
  readonly snapshot: string;
  readonly snapshotDigest: string;
}

/** By name. */
export const configTreeVectors = Object.entries(
  import.meta.glob<ConfigTreeVector>("./*.json", { eager: true, import: "default" }),
).map(([file, vector]) => [file.replace(/^\.\/|\.json$/g, ""), vector] as const);
