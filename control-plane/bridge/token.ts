/** Who asks: bearer tokens, and what each may do. */
import { createHash, timingSafeEqual } from "node:crypto";

export interface BridgeToken {
  readonly token: string;
  /** Only reads, and only of keys and channels that match this glob. Without it, everything. */
  readonly readOnlyPattern?: string;
}

export type Access = Pick<BridgeToken, "readOnlyPattern">;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares with every token, in constant time: how long it takes tells nothing about how near a guess is. */
export function createAuthenticator(tokens: readonly BridgeToken[]): (authorization: string) => Access | undefined {
  const known = tokens.map((access) => ({ access, digest: digest(access.token) }));
  return (authorization) => {
    const given = digest(/^Bearer (.+)$/i.exec(authorization)?.[1] ?? "");
    let found: Access | undefined;
    for (const { access, digest } of known) if (timingSafeEqual(digest, given)) found = access;
    return found;
  };
}
