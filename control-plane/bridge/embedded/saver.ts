/** Saves soon after a change, many changes at once, and never later than one delay after the first of them. */

export interface Saver {
  /** Something changed and must be saved. */
  readonly changed: () => void;
  /** Saves now. Resolves when all that has changed so far is saved, to why it couldn't be. */
  readonly saved: () => Promise<string | undefined>;
  /** Why the last save failed; `undefined` where it didn't. */
  readonly fault: () => string | undefined;
  /** Saves what is unsaved; rejects if that fails. */
  readonly close: () => Promise<void>;
}

const retryMs = 1_000;

export function createSaver(save: () => Promise<void>, delayMs: number): Saver {
  let unsaved = false;
  let closed = false;
  let fault: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  function schedule(afterMs: number): void {
    if (closed || timer !== undefined || running !== undefined) return;
    timer = setTimeout(start, afterMs);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    running = attempt().finally(() => {
      running = undefined;
      if (unsaved) schedule(fault === undefined ? delayMs : retryMs);
    });
  }

  async function attempt(): Promise<void> {
    unsaved = false;
    try {
      await save();
      fault = undefined;
    } catch (thrown) {
      unsaved = true;
      fault = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  async function saved(): Promise<string | undefined> {
    // A save that runs already may have begun before the last change; one that another caller starts meanwhile has not.
    await running;
    if (unsaved && running === undefined) start();
    await running;
    return fault;
  }

  return {
    changed() {
      unsaved = true;
      schedule(delayMs);
    },
    saved,
    fault: () => fault,
    async close() {
      closed = true;
      const failure = await saved();
      clearTimeout(timer);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}
