/** Every command of `flagmesh`, in the order in which one meets them. */
import { approve } from "./approve.ts";
import type { Command } from "./command.ts";
import { audit } from "./audit.ts";
import { dev } from "./dev.ts";
import { diff } from "./diff.ts";
import { history } from "./history.ts";
import { init } from "./init.ts";
import { keygen } from "./keygen.ts";
import { lock } from "./lock.ts";
import { kill, revive, stage } from "./operate.ts";
import { policyInit } from "./policy-init.ts";
import { policyNext } from "./policy-next.ts";
import { policyPush } from "./policy-push.ts";
import { policyShow } from "./policy-show.ts";
import { policySign } from "./policy-sign.ts";
import { prove } from "./prove.ts";
import { push } from "./push.ts";
import { rollback } from "./rollback.ts";
import { restore } from "./restore.ts";
import { serve } from "./serve.ts";
import { show } from "./show.ts";
import { status } from "./status.ts";
import { validate } from "./validate.ts";
import { verify } from "./verify.ts";

export const commands: readonly Command[] = [
  init,
  validate,
  lock,
  verify,
  approve,
  push,
  status,
  history,
  show,
  diff,
  kill,
  revive,
  stage,
  prove,
  audit,
  rollback,
  restore,
  keygen,
  policyInit,
  policyShow,
  policyNext,
  policySign,
  policyPush,
  serve,
  dev,
];
