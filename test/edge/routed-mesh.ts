/** A router with one mesh, and service bindings that record what they are sent. */
import { createRouter } from "../../edge/router.ts";
import type { Entries } from "../../shared/document/entry.ts";
import type { MeshPins } from "../../shared/trust/deployment-policy.ts";
import { bindings } from "./entries.ts";
import { fakeStore, type FakeStore } from "./fake-store.ts";
import { fakeTime, startSeconds, type FakeTime } from "./fake-time.ts";
import { startIsolate, type Isolate } from "./isolate.ts";
import { host, openLog, pinsWith, type Published, type SignedLog } from "./signed-log.ts";

export interface Sent {
  readonly binding: string;
  readonly request: Request;
}

export interface RoutedMesh {
  readonly time: FakeTime;
  readonly log: SignedLog;
  readonly store: FakeStore;
  readonly isolate: Isolate;
  readonly published: Published;
  readonly sent: Sent[];
  readonly logged: string[];
  /** What each binding answers: its own name, until a test says otherwise. */
  readonly answers: Map<string, (request: Request) => Response | Promise<Response>>;
  readonly env: Record<string, unknown>;
  /** The answer to come; the router's own turn is over when this returns. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** Warm, unless `cold`: then the store has nothing. */
export async function routedMesh(entries: Entries, pins: Partial<MeshPins> = {}, cold = false): Promise<RoutedMesh> {
  const time = fakeTime();
  const log = openLog();
  const store = fakeStore(log);
  const published = await log.publish({ entries, time: startSeconds });
  if (!cold) store.show(published);
  const isolate = startIsolate({ store, time, pins });
  const ready = isolate.request();
  await time.advance(10);
  await ready;
  const refused = isolate.source.failures.last();
  if (!cold && refused !== undefined) throw new Error(refused.message);

  const sent: Sent[] = [];
  const logged: string[] = [];
  const answers: RoutedMesh["answers"] = new Map();
  const env: Record<string, unknown> = {};
  for (const binding of bindings) {
    env[binding] = {
      async fetch(input: string | Request, init: RequestInit): Promise<Response> {
        const request = new Request(input, init);
        sent.push({ binding, request });
        return (answers.get(binding) ?? (() => new Response(binding)))(request);
      },
    };
  }
  const router = createRouter({
    deployment: { deployment: "example.com", meshes: [pinsWith({ bindings, ...pins })] },
    sourceOf: () => isolate.source,
    clockMs: time.now,
    log: (line) => logged.push(line),
  });
  const context = { waitUntil() {}, passThroughOnException() {}, props: {} } as unknown as ExecutionContext;
  return {
    time,
    log,
    store,
    isolate,
    published,
    sent,
    logged,
    answers,
    env,
    fetch: async (path, init) => {
      const url = path.startsWith("/") ? `https://${host}${path}` : path;
      return router.fetch(new Request(url, init), env, context);
    },
  };
}

export const codeOf = async (response: Response): Promise<unknown> =>
  (await response.json<{ readonly code?: unknown }>()).code;
