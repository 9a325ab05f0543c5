/** Saves soon after a change, many changes at once, and never later than one delay after the first of them. */

export interface Saver {
  /** Something changed and must be saved. */
  changed(): void;
  /** Why the last save failed; `undefined` where it didn't. */
  fault(): string | undefined;
  /** Saves what is unsaved; rejects if that fails. */
  close(): Promise<void>;
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
    timer = setTimeout(() => {
      timer = undefined;
      running = attempt().finally(() => {
        running = undefined;
        if (unsaved) schedule(fault === undefined ? delayMs : retryMs);
      });
    }, afterMs);
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

  return {
    changed() {
      unsaved = true;
      schedule(delayMs);
    },
    fault: () => fault,
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
      if (unsaved) await save();
    },
  };
}
