/** One isolate's source of a mesh, with everything around it in a test's hands. */
import { createColdCopy, type ColdCopy } from "../../edge/source/cold-copy.ts";
import type { HubLink } from "../../edge/source/hub-link.ts";
import { createMeshSource, defaultTimes, type MeshSource } from "../../edge/source/mesh-source.ts";
import type { Store } from "../../edge/source/store.ts";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import { bindings } from "./entries.ts";
import type { FakeTime } from "./fake-time.ts";
import { pinsWith } from "./signed-log.ts";

export const times = defaultTimes;

export interface Isolate {
  readonly source: MeshSource;
  readonly logged: string[];
  /** What a request does first; whether it had to wait. */
  readonly request: () => Promise<boolean>;
  /** What was left to run beside requests. */
  readonly background: Promise<unknown>[];
  readonly code: () => string | undefined;
}

export interface Around {
  readonly store: Store;
  readonly time: FakeTime;
  readonly pins?: Partial<MeshPins>;
  readonly coldCopy?: ColdCopy;
  readonly hub?: HubLink;
  readonly sleep?: FakeTime["sleep"];
}

export function startIsolate({ store, time, pins, coldCopy, hub, sleep }: Around): Isolate {
  const logged: string[] = [];
  const background: Promise<unknown>[] = [];
  let minted = 0;
  const source = createMeshSource({
    pins: pinsWith({ bindings, ...pins }),
    store,
    coldCopy: coldCopy ?? createColdCopy(fakeCache(), "nowhere"),
    hub,
    times,
    clockMs: time.now,
    sleep: sleep ?? time.sleep,
    mint: () => `minted-${minted++}`,
    log: (line) => logged.push(line),
  });
  return {
    source,
    logged,
    background,
    async request() {
      const waiting = source.prepare(time.now(), (work) => background.push(work));
      await waiting;
      return waiting !== undefined;
    },
    code: () => source.failures.last()?.code,
  };
}

/** A data centre's cache, as far as the cold copy needs one. */
export function fakeCache(): Pick<Cache, "match" | "put"> & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    async match(key) {
      const text = texts.get(key as string);
      return text === undefined ? undefined : new Response(text);
    },
    async put(key, response) {
      texts.set(key as string, await response.text());
    },
  };
}
