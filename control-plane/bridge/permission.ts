/** Which commands a token may send; refusals in the words of Redis ACLs. */
import { globMatches } from "./embedded/glob.ts";
import { failed, type CommandLine, type ErrorReply, type Topic } from "./store.ts";
import type { Access } from "./token.ts";

/** Commands that belong to one connection, block it, or administer the server. REST requests share a connection. */
const connectionBound = new Set(
  (
    "auth hello reset quit select client multi exec discard watch unwatch subscribe psubscribe ssubscribe " +
    "unsubscribe punsubscribe sunsubscribe monitor blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop " +
    "wait waitaof sync psync replconf replicaof slaveof failover shutdown debug config module acl cluster migrate " +
    "save bgsave bgrewriteaof swapdb"
  ).split(" "),
);

/** What a read-only token may send, and which of the arguments are keys. */
const reads = new Map<string, (args: CommandLine) => CommandLine>([
  ...["get", "getrange", "strlen", "lrange", "llen", "lindex", "type", "ttl", "pttl"].map(
    (name) => [name, (args: CommandLine) => args.slice(0, 1)] as const,
  ),
  ...["mget", "exists"].map((name) => [name, (args: CommandLine) => args] as const),
  ...["ping", "echo", "time"].map((name) => [name, () => []] as const),
]);

const noKey = failed("NOPERM this user has no permissions to access one of the keys used as arguments");
const noChannel = failed("NOPERM this user has no permissions to access one of the channels used as arguments");

/** Why a command is refused; `undefined` where it isn't. */
export function commandRefusal([word = "", ...args]: CommandLine, { readOnlyPattern }: Access): ErrorReply | undefined {
  const name = word.toLowerCase();
  const blocks = /^xread(group)?$/.test(name) && args.some((arg) => arg.toLowerCase() === "block");
  if (connectionBound.has(name) || blocks) return failed(`ERR Command is not available: '${name}' over REST`);
  if (readOnlyPattern === undefined) return undefined;
  const keysOf = reads.get(name);
  if (keysOf === undefined) return failed(`NOPERM this user has no permissions to run the '${name}' command`);
  return keysOf(args).every((key) => globMatches(readOnlyPattern, key)) ? undefined : noKey;
}

/** As in Redis, a pattern may be subscribed only if it is the permitted pattern itself. */
export function topicRefusal(topic: Topic, { readOnlyPattern }: Access): ErrorReply | undefined {
  if (readOnlyPattern === undefined) return undefined;
  const permitted =
    "channel" in topic ? globMatches(readOnlyPattern, topic.channel) : topic.pattern === readOnlyPattern;
  return permitted ? undefined : noChannel;
}
