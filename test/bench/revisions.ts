/** What a revision costs by its number of entries: to read and lock in Node, and to fetch, verify and make ready in workerd. */
import { createHash, randomBytes } from "node:crypto";
import { loadDocument } from "../../control-plane/locker/load.ts";
import { lock } from "../../control-plane/locker/lock.ts";
import type { MeshId } from "../../shared/document/mesh-id.ts";
import { utf8 } from "../../shared/encoding/bytes.ts";
import type { Digest } from "../../shared/encoding/digest.ts";
import { median } from "./http-load.ts";
import type { Loaded } from "./loaded.ts";
import { startBenchMesh } from "./mesh.ts";
import type { Table } from "./table.ts";
import type { Verified } from "./verified.ts";

export const sizes = [100, 1_000, 10_000] as const;
const rounds = 3;

/** A document with so many entries: flags, and a backend, a route and the settings. */
export function documentOf(entries: number): string {
  const flags = Array.from(
    { length: entries - 3 },
    (_, i) => `  flag-${i}:
    variants: { "on": true, "off": false }
    defaultVariant: "off"
    rollout: { "on": ${(i % 1_000) / 10} }
    metadata: { owner: team-${i % 40}, ticket: SHOP-${i}, expires: "2027-06-30" }`,
  );
  return `mesh: acme/production
settings: { identity: [{ header: x-user-id }] }
flags:
${flags.join("\n")}
backends: { here: { endpoints: [{ url: "http://127.0.0.1:9" }] } }
routes: { all: { match: { host: 127.0.0.1 }, backend: here } }
`;
}

/** Milliseconds to parse, check and lock; and to lock again with one flag changed. */
export function benchLock(): Table {
  const rows = sizes.map((entries) => {
    const text = documentOf(entries);
    const first = timeLock(text);
    const again = timeLock(text.replace('on": 0.1 }', 'on": 0.2 }'), first.lock);
    return [String(entries), first.loadMs.toFixed(0), first.lockMs.toFixed(0), again.lockMs.toFixed(0)];
  });
  return { columns: ["entries", "YAML to entries, ms", "first lock, ms", "one flag changed, ms"], rows };
}

function timeLock(text: string, previous?: Parameters<typeof lock>[0]["previous"]) {
  const bytes = utf8(text);
  const mesh = "acme/production" as MeshId;
  const files = new Map([["mesh.yaml", `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest]]);
  const loads: number[] = [];
  const locks: number[] = [];
  for (let round = 0; ; round++) {
    const start = performance.now();
    const { entries } = loadDocument(new Map([["mesh.yaml", bytes]]), { allowInsecureEndpoints: true });
    if (entries === undefined) throw new Error("the document has errors");
    const loaded = performance.now();
    const locked = lock({
      mesh,
      origin: `local/${mesh}`,
      entries,
      files,
      previous,
      seed: Uint8Array.from(randomBytes(32)),
      tool: "bench",
    });
    if (!locked.ok) throw new Error(locked.error.code);
    loads.push(loaded - start);
    locks.push(performance.now() - loaded);
    if (round === rounds - 1) return { loadMs: median(loads), lockMs: median(locks), lock: locked.value.lock };
  }
}

/** What a cold isolate does, in workerd itself: fetch, verify, compile; then the tree, which it checks beside its requests. */
export async function benchLoad(): Promise<Table> {
  const rows = await bySize<Loaded>("test/bench/workers/load.ts", (loads, of) => [
    of(({ readyMs }) => readyMs),
    loads[0]?.readyMs.toFixed(1) ?? "",
    of(({ fetchMs }) => fetchMs),
    of(({ treeMs }) => treeMs),
  ]);
  const columns = [
    "entries",
    "fetched, verified, ready, ms",
    "the first time, ms",
    "of it fetching, ms",
    "tree, beside requests, ms",
  ];
  return { columns, rows };
}

/** Three ways to be sure of a snapshot before an entry of it is evaluated. */
export async function benchVerification(): Promise<Table> {
  const rows = await bySize<Verified>("test/bench/workers/verification.ts", (_, of) => [
    of(({ parseMs }) => parseMs),
    of(({ digestMs }) => digestMs),
    of(({ listMs }) => listMs),
    of(({ firstUseMs }) => firstUseMs, 3),
    of(({ treeMs }) => treeMs),
  ]);
  const columns = [
    "entries",
    "parsing, ms",
    "digest, ms",
    "listed leaves, ms",
    "+ first use of each, ms",
    "whole tree, ms",
  ];
  return { columns, rows };
}

/** Asks a Worker for its measurements at each size. */
async function bySize<M>(
  entry: string,
  row: (measured: readonly M[], of: (pick: (one: M) => number, digits?: number) => string) => readonly string[],
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const entries of sizes) {
    const mesh = await startBenchMesh(documentOf(entries), { pollMs: 1_000, entry });
    try {
      const response = await fetch(`${mesh.url}/?rounds=9`);
      if (!response.ok) throw new Error(await response.text());
      const measured = (await response.json()) as M[];
      rows.push([String(entries), ...row(measured, (pick, digits = 1) => median(measured.map(pick)).toFixed(digits))]);
    } finally {
      await mesh.close();
    }
  }
  return rows;
}
