/** Every command of `flagmesh`, in the order in which one meets them. */
import type { Command } from "./command.ts";
import { dev } from "./dev.ts";
import { init } from "./init.ts";
import { validate } from "./validate.ts";

export const commands: readonly Command[] = [init, validate, dev];
