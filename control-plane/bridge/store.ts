/** What the bridge needs of a Redis: commands, transactions, pub/sub. Implemented embedded, and over a real Redis. */

/** Redis's own words for a failure, its kind first: `ERR …`, `WRONGTYPE …`, `NOSCRIPT …`. */
export interface ErrorReply {
  readonly error: string;
  /** The store could not be reached or did not answer in time, so the command may have run. */
  readonly unavailable?: true;
}

/** A RESP2 reply. Bytes where the store holds bytes; text where it knows that they are UTF-8. */
export type Reply = null | number | string | Uint8Array | readonly Reply[] | ErrorReply;

/** A command's name and arguments, well-formed Unicode. */
export type CommandLine = readonly string[];

export type Topic = { readonly channel: string } | { readonly pattern: string };

export type Listener = (message: string, channel: string) => void;

export interface RedisStore {
  /** Runs one command. Commands that are started in one turn run in that order. Never rejects. */
  command(args: CommandLine): Promise<Reply>;
  /** `MULTI … EXEC`: a reply a command, or one `EXECABORT` error if one of them can't be queued and so none ran. */
  multi(commands: readonly CommandLine[]): Promise<readonly Reply[] | ErrorReply>;
  /** Resolves once the subscription is in effect, to the function that ends it. */
  subscribe(topic: Topic, listener: Listener): Promise<(() => void) | ErrorReply>;
  /** Ends all subscriptions, and makes what was written durable where the store has a file. */
  close(): Promise<void>;
}

export const failed = (error: string): ErrorReply => ({ error });

export const isErrorReply = (reply: unknown): reply is ErrorReply =>
  typeof reply === "object" && reply !== null && "error" in reply;

/** The words of Redis for a transaction that was refused as a whole. */
export const discarded = (because: ErrorReply): ErrorReply =>
  because.unavailable ? because : failed(`EXECABORT Transaction discarded because of: ${because.error}`);
