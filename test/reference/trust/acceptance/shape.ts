/** Step 1: shape. */
import { limits } from "../../../../shared/limits.ts";
import { append } from "../log.ts";
import { productionLog } from "../logs.ts";
import { production } from "../world.ts";
import { headOf, withHead, withSignatures, type Cases } from "./case.ts";
import { sealed, type Sealing } from "./sealed.ts";

const [first] = productionLog;
const last = productionLog.at(-1)!;
const next = append(production, last, {});
const reseal = (change: Sealing) => {
  const release = sealed(production, last, next, change);
  return { log: [...productionLog, release], release, fresh: null };
};

export const shapeCases: Cases = {
  "head-missing": { description: "The store is empty.", head: null, fresh: null, expect: "head_missing" },
  "head-too-large": {
    description: "A head of one character more than there may be.",
    head: { repeat: " ", times: limits.headBytesMax + 1 },
    expect: "head_too_large",
  },
  "head-not-json": { description: "The head is cut short.", head: last.head.slice(0, -1), expect: "head_malformed" },
  "head-with-another-member": {
    description: "The head has a member that nobody reads.",
    head: last.head.replace("{", '{"also":1,'),
    expect: "head_malformed",
  },
  "head-with-white-space": {
    description: "The head is written with a space.",
    head: last.head.replace(",", ", "),
    expect: "head_not_canonical",
  },
  "head-with-a-member-twice": {
    description: "The overlay stands twice in the head: readers may take either.",
    head: last.head.replace("{", '{"overlay":{},'),
    expect: "head_not_canonical",
  },
  "checkpoint-without-signatures": {
    description: "The checkpoint is a text, and no note.",
    head: withHead(last, { checkpoint: "example.com/acme/production\n6\n" }),
    expect: "checkpoint_malformed",
  },
  "checkpoint-with-carriage-returns": {
    description: "The checkpoint's lines end as Windows ends them.",
    head: withHead(last, { checkpoint: headOf(last).checkpoint.replaceAll("\n", "\r\n") }),
    expect: "checkpoint_malformed",
  },
  "checkpoint-with-33-signatures": {
    description: "A note with more signatures than there may be.",
    head: withSignatures(last, (lines) => Array.from({ length: limits.noteSignaturesMax + 1 }, () => lines[0]!)),
    expect: "checkpoint_malformed",
  },
  "checkpoint-with-an-extension": {
    description: "The log signed a checkpoint with a fourth line, which nothing here gives a meaning.",
    ...reseal({ checkpoint: (text) => `${text}extension\n` }),
    expect: "checkpoint_malformed",
  },
  "checkpoint-of-an-empty-log": {
    description: "The log signed a checkpoint of size 0.",
    ...reseal({ checkpoint: (text) => text.replace(/\n7\n/, "\n0\n") }),
    expect: "checkpoint_malformed",
  },
  "statement-with-another-member": {
    description: "The log holds a statement that says more than there is to say.",
    ...reseal({ statement: next.statement.replace("{", '{"also":1,') }),
    expect: "statement_malformed",
  },
  "statement-with-white-space": {
    description: "The log holds a statement that isn't its own canonical form.",
    ...reseal({ statement: next.statement.replace(",", ", ") }),
    expect: "statement_malformed",
  },
  "head-of-zeros": {
    description: "The head is NUL characters.",
    release: first!,
    head: { repeat: "\0", times: 100 },
    expect: "head_malformed",
  },
};
