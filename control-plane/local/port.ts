/** A port of the local mesh on loopback: is it free, and if not, what the person at the terminal can do about it. */
import { createServer } from "node:net";
import { err, ok, type Result } from "../../shared/result.ts";
import type { StartFailure } from "./start-failure.ts";

export const loopback = "127.0.0.1";

export interface Port {
  readonly number: number;
  /** Who listens there, as in "router". */
  readonly purpose: string;
  /** Where its number is set: `FLAGMESH_ROUTER_PORT`, or a file. */
  readonly setIn?: string;
}

/** Fails with `port_in_use` where something listens there already. What it gives holds for the moment only. */
export async function checkPortFree({ number, purpose, setIn }: Port): Promise<Result<undefined, StartFailure>> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port: number, host: loopback, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return ok(undefined);
  const what = code === "EADDRINUSE" ? "is in use by another program" : `can't be listened on (${code})`;
  const remedy = setIn === undefined ? "Stop that program." : `Stop that program, or choose another port (${setIn}).`;
  return err({ code: "port_in_use", message: `${purpose}: port ${number} ${what}. ${remedy}` });
}
