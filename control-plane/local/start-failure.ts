/** Why a part of the local mesh didn't start. The message is for the person at the terminal: what, and what to do. */
export interface StartFailure {
  readonly code: "port_in_use" | "exited" | "not_ready" | "esbuild_missing" | "bundle_failed";
  readonly message: string;
}
