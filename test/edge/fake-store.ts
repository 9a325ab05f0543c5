/** A store in memory that counts, and hangs, fails, or answers late, as a test wants. */
import type { Store } from "../../edge/source/store.ts";
import type { Published, SignedLog } from "./signed-log.ts";

export interface FakeStore extends Store {
  head: string | null;
  fresh: string | null;
  /** How a read goes: at once, never, not at all, or, with what stood there when it began, when `release` is called. */
  mode: "ok" | "hang" | "fail" | "held";
  readonly looks: () => number;
  readonly reads: () => number;
  /** Lets every held read go on, and all later ones. */
  readonly release: () => void;
  readonly show: (published: Published, fresh?: string | null) => void;
}

export function fakeStore(log: SignedLog): FakeStore {
  let looks = 0;
  let reads = 0;
  let held: (() => void)[] = [];
  const read = async <T>(value: () => T): Promise<T> => {
    reads++;
    if (store.mode === "fail") throw new Error("connection refused");
    if (store.mode === "hang") return new Promise(() => {});
    const found = value();
    if (store.mode === "held") await new Promise<void>((go) => held.push(go));
    return found;
  };
  const store: FakeStore = {
    head: null,
    fresh: null,
    mode: "ok",
    looks: () => looks,
    reads: () => reads,
    release() {
      store.mode = "ok";
      for (const go of held) go();
      held = [];
    },
    show({ head }, fresh = null) {
      store.head = head;
      store.fresh = fresh;
    },
    candidate() {
      looks++;
      return read(() => ({ head: store.head, fresh: store.fresh }));
    },
    leaves: (from, to) => read(() => log.leaves.slice(from, to)),
    statements: (from, to) => read(() => log.statements.slice(from, to)),
    policy: () => read(() => log.policy),
    snapshot: (digest) => read(() => log.snapshots.get(digest) ?? null),
  };
  return store;
}
