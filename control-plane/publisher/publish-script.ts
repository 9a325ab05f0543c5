/**
 * The one step that moves a mesh's head in Redis: compare, append, replace, announce, all or nothing.
 *
 * - `KEYS`: head, leaves, statements, stream.
 * - `ARGV`: 1 size of the log that the head must have (`0`: no head), 2 its root, padded base64 (empty: no head), 3 the new
 *   head, 4 the new leaf's hash, 5 its statement, 6 the events channel, 7 the event, one line, 8 how many entries the stream keeps.
 * - Answers `["published"]`, also where the head is the new one already, so that a retry appends nothing twice; or
 *   `["conflict", head]` with the head that is there (empty: none), where it isn't the expected one or the lists don't fit it.
 *
 * Redis undoes nothing when a script fails half-way, so all that can fail comes before the first write, or is it:
 * the types are compared first, and XADD, which refuses a malformed cap and an exhausted stream, precedes the rest.
 */
import type { KnownScript, ScriptCall } from "../bridge/embedded/scripting.ts";
import type { CommandLine, Reply } from "../bridge/store.ts";

const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

const lua = `
local types = {'string', 'list', 'list', 'stream'}
for i = 1, 4 do
  local found = redis.call('TYPE', KEYS[i])['ok']
  if found ~= 'none' and found ~= types[i] then return redis.error_reply('${wrongType}') end
end

local head = redis.call('GET', KEYS[1])
if head == ARGV[3] then return {'published'} end

local size, root = '0', ''
if head then
  local parsed, value = pcall(cjson.decode, head)
  local checkpoint = parsed and type(value) == 'table' and value['checkpoint']
  if type(checkpoint) ~= 'string' then return {'conflict', head} end
  size, root = string.match(checkpoint, '^[^\\n]*\\n([0-9]+)\\n([^\\n]*)\\n')
end
local length = tonumber(ARGV[1])
if size ~= ARGV[1] or root ~= ARGV[2]
  or redis.call('LLEN', KEYS[2]) ~= length or redis.call('LLEN', KEYS[3]) ~= length then
  return {'conflict', head or ''}
end

redis.call('XADD', KEYS[4], 'MAXLEN', ARGV[8], '*', 'event', ARGV[7])
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('RPUSH', KEYS[3], ARGV[5])
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[6], ARGV[7])
return {'published'}
`;

export const publishScript: KnownScript = { lua, run };

const types = ["string", "list", "list", "stream"] as const;

function run(keys: CommandLine, args: CommandLine, call: ScriptCall): Reply {
  const [headKey = "", leavesKey = "", statementsKey = "", streamKey = ""] = keys;
  const [size = "", root = "", newHead = "", leaf = "", statement = "", channel = "", event = "", cap = ""] = args;

  for (const [i, type] of types.entries()) {
    const found = call("TYPE", keys[i] ?? "");
    if (found !== "none" && found !== type) return { error: wrongType };
  }

  const head = call("GET", headKey);
  if (head === newHead) return ["published"];

  const current = typeof head === "string" ? sizeAndRoot(head) : { size: "0", root: "" };
  const extends_ =
    current?.size === size &&
    current.root === root &&
    call("LLEN", leavesKey) === Number(size) &&
    call("LLEN", statementsKey) === Number(size);
  if (!extends_) return ["conflict", head ?? ""];

  call("XADD", streamKey, "MAXLEN", cap, "*", "event", event);
  call("RPUSH", leavesKey, leaf);
  call("RPUSH", statementsKey, statement);
  call("SET", headKey, newHead);
  call("PUBLISH", channel, event);
  return ["published"];
}

/** Lines 2 and 3 of the head's checkpoint. */
function sizeAndRoot(head: string): { readonly size: string; readonly root: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(head);
  } catch {
    return undefined;
  }
  const checkpoint =
    typeof value === "object" && value !== null && "checkpoint" in value ? value.checkpoint : undefined;
  const [, size, root] = (typeof checkpoint === "string" && /^[^\n]*\n([0-9]+)\n([^\n]*)\n/.exec(checkpoint)) || [];
  return size === undefined || root === undefined ? undefined : { size, root };
}
