/** From the push to the first answer that it changed, at a router under traffic, by polling. */
import { startBenchMesh } from "./mesh.ts";
import type { Table } from "./table.ts";

const pollMs = 1_000;

const document = (variant: string): string => `
mesh: acme/production
settings: { identity: [{ header: x-user-id }], debugHeaders: true }
flags:
  which: { variants: { a: 1, b: 2 }, defaultVariant: ${variant} }
backends: { here: { endpoints: [{ url: "http://127.0.0.1:9" }] } }
routes: { all: { match: { host: 127.0.0.1 }, flag: which, to: { a: here, b: here } } }
`;

export async function benchPropagation(): Promise<Table> {
  const rows = [
    await measure("polling every second", { pollMs, pushes: 25 }),
    await measure("over the hub", { pollMs, pushes: 200, hub: true }),
  ];
  return { columns: ["how", "pushes", "p50 ms", "p99 ms", "max ms"], rows };
}

interface How {
  readonly pollMs: number;
  readonly pushes: number;
  readonly hub?: boolean;
}

async function measure(name: string, { pollMs, pushes, hub = false }: How): Promise<string[]> {
  const mesh = await startBenchMesh(document("a"), { pollMs, hub });
  try {
    const seen: number[] = [];
    for (let push = 0; push < pushes; push++) {
      const wanted = push % 2 === 0 ? "b" : "a";
      await untilVariant(mesh.url, push % 2 === 0 ? "a" : "b");
      // Not in step with the router's looks.
      await trafficFor(mesh.url, hub ? (push * 13) % 40 : (push * 137) % pollMs);
      await mesh.push(document(wanted));
      const acknowledged = performance.now();
      await untilVariant(mesh.url, wanted);
      seen.push(performance.now() - acknowledged);
    }
    const sorted = seen.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0);
    return [name, String(pushes), at(0.5), at(0.99), at(1)];
  } finally {
    await mesh.close();
  }
}

async function trafficFor(url: string, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) await (await fetch(url, { headers: { "x-user-id": "ada" } })).arrayBuffer();
}

/** One request at a time, as fast as they are answered: the traffic under which it looks. */
async function untilVariant(url: string, variant: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { headers: { "x-user-id": "ada" } });
    await response.arrayBuffer();
    if (response.headers.get("x-flagmesh-variant") === variant) return;
  }
}
