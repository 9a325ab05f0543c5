/** One after the other: work for the same key doesn't overlap, and a failure doesn't stop what waits behind it. */
export type Turns<K> = <T>(key: K, work: () => Promise<T>) => Promise<T>;

export function createTurns<K>(): Turns<K> {
  const last = new Map<K, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
