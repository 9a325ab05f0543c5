/** Bearer tokens: known by their SHA-256 only, compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createMiddleware } from "hono/factory";
import { problem } from "./problem.ts";

export interface Actor {
  readonly name: string;
}

export type WithActor = { Variables: { actor: Actor } };

const digest = (token: string): Buffer => createHash("sha256").update(token).digest();

/** @param tokens by actor name */
export function bearer(tokens: Readonly<Record<string, string>>) {
  const known = Object.entries(tokens).map(([name, token]) => ({ actor: { name }, hash: digest(token) }));
  return createMiddleware<WithActor>(async function bearerAuth(c, next) {
    const sent = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (sent === undefined) {
      return problem({ code: "unauthorized", message: "send `Authorization: Bearer <token>`" });
    }
    const hash = digest(sent);
    const match = known.find((token) => timingSafeEqual(token.hash, hash));
    if (match === undefined) return problem({ code: "unauthorized", message: "this token is not known" });
    c.set("actor", match.actor);
    return next();
  });
}
