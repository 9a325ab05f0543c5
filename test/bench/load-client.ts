/** The load generator in a process of its own, so that it has its own event loop and its own core. */
import { fileURLToPath } from "node:url";
import type { LoadOptions, LoadResult } from "./http-load.ts";
import { startPinned } from "./pinned-process.ts";

export interface LoadClient {
  /** One round at a time. */
  readonly run: (options: LoadOptions) => Promise<LoadResult>;
  readonly close: () => Promise<void>;
}

export async function startLoadClient({ core }: { readonly core?: number | undefined }): Promise<LoadClient> {
  const { child, close } = await startPinned({
    command: [process.execPath, fileURLToPath(new URL("./load-main.ts", import.meta.url))],
    core,
  });
  return {
    run: (options) =>
      new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error("the load generator ended"));
        child.once("exit", ended);
        child.once("message", (message) => {
          child.off("exit", ended);
          resolve((message as { result: LoadResult }).result);
        });
        child.send(options);
      }),
    close,
  };
}
