/**
 * Preloaded into every child process of the local mesh (`node --import`): it ends when its parent does. The IPC channel
 * closes even where the parent was killed with SIGKILL and could tell nobody, which would leave its ports taken.
 */
const graceMs = 3_000;

process.once("disconnect", () => {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.exit(1), graceMs).unref();
});
// The listener alone would keep a process alive that has nothing left to do.
process.channel?.unref();
