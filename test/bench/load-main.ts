/** The load generator's process: a message is a round to run, the answer its result. */
import { runLoad, type LoadOptions } from "./http-load.ts";

process.on("message", (options: LoadOptions) => {
  void runLoad(options).then((result) => process.send?.({ result }));
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
