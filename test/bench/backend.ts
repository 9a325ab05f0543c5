/** What every contender forwards to: a tiny HTTP server in a process of its own. */
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { startPinned } from "./pinned-process.ts";

export interface Backend {
  readonly url: string;
  readonly pid: number;
  readonly close: () => Promise<void>;
}

export async function startBackend({ core }: { readonly core?: number | undefined }): Promise<Backend> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { pid, close } = await startPinned({
    command: [process.execPath, fileURLToPath(new URL("./backend-main.ts", import.meta.url))],
    env: { PORT: String(port) },
    core,
    ready: url,
  });
  return { url, pid, close };
}
