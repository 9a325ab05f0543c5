/** The Redis that Flag Mesh brings along: in memory, saved to a file, with the commands and the errors of Redis 7. */
import { ok, type Result } from "../../shared/result.ts";
import { resolve, type Commands, type Database, type Resolved } from "./embedded/command.ts";
import { hashCommands } from "./embedded/hashes.ts";
import { keyCommands } from "./embedded/keys.ts";
import { createKeyspace, type Keyspace } from "./embedded/keyspace.ts";
import { listCommands } from "./embedded/lists.ts";
import { createSaver, type Saver } from "./embedded/saver.ts";
import { scriptCommands, type KnownScript } from "./embedded/scripting.ts";
import { encodeStore, readStoreFile, writeStoreFile, type StoreFileError } from "./embedded/store-file.ts";
import { streamCommands } from "./embedded/streams.ts";
import { stringCommands } from "./embedded/strings.ts";
import { createSubscriptions } from "./embedded/subscriptions.ts";
import {
  discarded,
  failed,
  isErrorReply,
  type CommandLine,
  type ErrorReply,
  type RedisStore,
  type Reply,
} from "./store.ts";

export interface EmbeddedOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  /** The scripts that EVAL and EVALSHA can run. */
  readonly scripts: readonly KnownScript[];
}

export interface EmbeddedFileOptions extends EmbeddedOptions {
  readonly path: string;
  /** How long a change may wait to be saved. Scripts, which publish, answer only when theirs are. */
  readonly saveDelayMs?: number;
}

const saveDelayMsDefault = 100;

/** A store that forgets everything when it is closed. */
export const createEmbeddedStore = ({ now, scripts }: EmbeddedOptions): RedisStore =>
  storeOver(createKeyspace(now), { now, scripts });

/**
 * A store that keeps its keys in a file. One process at a time may have it open.
 * While the file can't be written, reads go on and writes are refused (`MISCONF`), as Redis does.
 */
export async function openEmbeddedStore(options: EmbeddedFileOptions): Promise<Result<RedisStore, StoreFileError>> {
  const keys = createKeyspace(options.now);
  const read = await readStoreFile(options.path, keys);
  if (!read.ok) return read;
  const saver = createSaver(
    () => writeStoreFile(options.path, encodeStore(keys)),
    options.saveDelayMs ?? saveDelayMsDefault,
  );
  return ok(storeOver(keys, options, saver));
}

function storeOver(keys: Keyspace, { now, scripts }: EmbeddedOptions, saver?: Saver): RedisStore {
  const subscriptions = createSubscriptions();
  const database: Database = { keys, now, publish: subscriptions.publish };
  const commands: Commands = {
    ...keyCommands,
    ...stringCommands,
    ...listCommands,
    ...hashCommands,
    ...streamCommands,
    ...scriptCommands(scripts, execute),
  };

  function accept(line: CommandLine): Resolved | ErrorReply {
    const resolved = resolve(commands, line);
    const fault = !isErrorReply(resolved) && resolved.command.write && saver?.fault();
    return fault ? unwritable(fault) : resolved;
  }

  function execute(line: CommandLine): Reply {
    const accepted = accept(line);
    if (isErrorReply(accepted)) return accepted;
    const { command, args } = accepted;
    const reply = command.run(database, args);
    if (command.write && !isErrorReply(reply)) saver?.changed();
    return reply;
  }

  /**
   * Why what these commands changed isn't in the file, where they promise that it is. Scripts do: who publishes must not
   * be told of it before a crash can no longer take it back.
   */
  async function unsaved(lines: readonly CommandLine[]): Promise<ErrorReply | undefined> {
    const promised = lines
      .map((line) => resolve(commands, line))
      .some((found) => "command" in found && found.command.durable);
    const fault = promised ? await saver?.saved() : undefined;
    return fault === undefined ? undefined : unwritable(fault);
  }

  return {
    async command(line) {
      const reply = execute(line);
      return (await unsaved([line])) ?? reply;
    },
    async multi(lines) {
      const refused = lines.map(accept).find(isErrorReply);
      if (refused !== undefined) return discarded(refused);
      const replies = lines.map(execute);
      return (await unsaved(lines)) ?? replies;
    },
    subscribe: (topic, listener) => Promise.resolve(subscriptions.add(topic, listener)),
    async close() {
      subscriptions.clear();
      await saver?.close();
    },
  };
}

const unwritable = (fault: string): ErrorReply =>
  failed(`MISCONF the store's file can't be written, so writes are refused: ${fault}`);
