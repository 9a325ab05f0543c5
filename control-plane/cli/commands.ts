/** Every command of `flagmesh`, in the order in which one meets them. */
import type { Command } from "./command.ts";
import { dev } from "./dev.ts";
import { history } from "./history.ts";
import { init } from "./init.ts";
import { keygen } from "./keygen.ts";
import { lock } from "./lock.ts";
import { kill, revive, stage } from "./operate.ts";
import { policyInit } from "./policy-init.ts";
import { policyShow } from "./policy-show.ts";
import { push } from "./push.ts";
import { restore } from "./restore.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { validate } from "./validate.ts";
import { verify } from "./verify.ts";

export const commands: readonly Command[] = [
  init,
  validate,
  lock,
  verify,
  push,
  status,
  history,
  kill,
  revive,
  stage,
  restore,
  keygen,
  policyInit,
  policyShow,
  serve,
  dev,
];
