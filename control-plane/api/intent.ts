/** What a write asks beside its body: who asks (the token), why (`x-flagmesh-message`), on which release (`If-Match`). */
import type { Context } from "hono";
import { exceedsBytes } from "../../shared/encoding/bytes.ts";
import { limits } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Intent } from "../engine/engine.ts";
import type { WithActor } from "./bearer.ts";
import type { ApiFault } from "./problem.ts";

export function intentOf(c: Context<WithActor>): Result<Intent, ApiFault> {
  const message = messageIn(c.req.header("x-flagmesh-message") ?? "");
  if (message === undefined) {
    return err({ code: "bad_request", message: "x-flagmesh-message is not percent-encoded UTF-8" });
  }
  if (exceedsBytes(message, limits.messageBytesMax)) {
    return err({ code: "bad_request", message: `a message has at most ${limits.messageBytesMax} bytes` });
  }
  const intent = { actor: c.get("actor").name, message };
  const ifMatch = c.req.header("if-match");
  if (ifMatch === undefined) return ok(intent);
  if (ifMatch === "*") return ok({ ...intent, onRelease: "any" });
  const number = /^"?([0-9]{1,15})"?$/.exec(ifMatch)?.[1];
  return number === undefined
    ? err({ code: "if_match_malformed", message: 'If-Match takes the number of one release, e.g. "7", or *' })
    : ok({ ...intent, onRelease: Number(number) });
}

/** Headers hold ASCII only; what else arrives there was read in some other character set on the way. */
function messageIn(encoded: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(encoded)) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
