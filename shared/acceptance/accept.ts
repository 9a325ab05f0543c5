/**
 * What an edge accepts: everything that a store holds for a mesh is hostile until it has passed here, in this order.
 * Clock and reads come in; nothing is remembered here. Whatever is refused, the caller goes on with what it had.
 */
import { equalBytes, toBase64 } from "../encoding/bytes.ts";
import { err, ok, type Result } from "../result.ts";
import { parseHead, type Head } from "../store/head.ts";
import { entriesOfSnapshot } from "../store/snapshot.ts";
import { parseCheckpoint, type Checkpoint } from "../trust/checkpoint.ts";
import type { MeshPins } from "../trust/deployment-policy.ts";
import { detailDigest } from "../trust/detail.ts";
import { checkFloor, extendMemory, frontierFromProof } from "./log-position.ts";
import { danglingOverlay, overlayDigest } from "../trust/overlay.ts";
import { checkPlacement } from "./placement.ts";
import { openSnapshot } from "./open-snapshot.ts";
import { readPolicies } from "./policy-chain.ts";
import { checkWitnesses } from "./witnesses.ts";
import { readFreshness } from "./read-freshness.ts";
import { refusal, type Refusal } from "./refusal.ts";
import { checkSequence } from "./revision-sequence.ts";
import { isSignedBy, parseSignedNote, type SignedNote } from "../trust/signed-note.ts";
import { parseStatement, type Statement } from "../trust/statement.ts";
import { textOrNull, type StoreReads, type VerifiedRelease } from "./verified-release.ts";

/** The two mutable values of a mesh, as read together. */
export interface Candidate {
  readonly head: string | null;
  readonly fresh: string | null;
}

export interface Acceptance {
  readonly release: VerifiedRelease;
  /** The release stands, but the renewal of its freshness beside it was refused. */
  readonly fault?: Refusal;
}

/** @param now unix seconds */
export async function accept(
  candidate: Candidate,
  memory: VerifiedRelease | undefined,
  pins: MeshPins,
  reads: StoreReads,
  now: number,
): Promise<Result<Acceptance, Refusal>> {
  const headText = textOrNull(candidate.head);
  const renewalText = textOrNull(candidate.fresh);
  if (headText === null) return err(refusal("head_missing", `nothing is published for ${pins.mesh}`));
  if (memory !== undefined && headText === memory.head) return renew(memory, renewalText, now);

  const shape = readShape(headText);
  if (!shape.ok) return shape;
  const { head, note, checkpoint, statement } = shape.value;

  const stranger = [checkpoint.origin, statement.origin].find((origin) => origin !== pins.origin);
  if (stranger !== undefined) {
    // Nobody has signed for it yet, so it must not fill a log.
    return err(refusal("origin_mismatch", `wanted ${pins.origin}, found ${JSON.stringify(stranger.slice(0, 100))}`));
  }
  // Before any signature work: an old replica must cost nothing.
  if (memory !== undefined && checkpoint.size < memory.checkpoint.size) {
    return err(refusal("older_checkpoint", `log of ${checkpoint.size}, ${memory.checkpoint.size} is known`));
  }
  const policies = await readPolicies(statement.policy, memory?.policies ?? [], pins, reads);
  if (!policies.ok) return policies;
  const policy = policies.value.inForce;
  if (!(await isSignedBy(policy.log, note))) {
    return err(refusal("log_signature_invalid", `the checkpoint is not signed by ${policy.log.name}`));
  }
  // Two roots that the log key signed for one size are evidence, whatever else is wrong with them.
  if (memory !== undefined && isFork(memory.checkpoint, checkpoint)) {
    return err(refusal("fork", `two roots are signed at size ${checkpoint.size}`, [memory.note, head.checkpoint]));
  }
  const unwitnessed = await checkWitnesses(policy, note);
  if (unwitnessed !== undefined) return err(unwitnessed);

  const fresh = await readFreshness(policy, note, renewalText, now);
  const freshAt = Math.max(fresh.at ?? 0, memory?.freshAt ?? 0);
  if (fresh.at === undefined) {
    return err(fresh.fault ?? refusal("freshness_missing", "no valid freshness stands with this checkpoint"));
  }
  if (memory === undefined && pins.coldStale === "refuse" && now - freshAt > pins.maxStale) {
    return err(refusal("stale", `fresh ${now - freshAt} s ago, at most ${pins.maxStale} s are allowed`));
  }

  if (statement.release !== checkpoint.size - 1) {
    return err(refusal("release_mismatch", `release ${statement.release} at the end of a log of ${checkpoint.size}`));
  }
  const belowFloor = checkFloor(pins.floor, checkpoint);
  if (belowFloor !== undefined) return err(belowFloor);
  const frontier = frontierFromProof(checkpoint, head.statement, head.proof);
  if (!frontier.ok) return frontier;
  const between =
    memory === undefined || memory.checkpoint.size === checkpoint.size
      ? ok([])
      : await extendMemory(memory, checkpoint, head.statement, reads);
  if (!between.ok) return between;

  const outOfSequence = await checkSequence(memory, statement, between.value, policies.value, reads);
  if (outOfSequence !== undefined) return err(outOfSequence);

  if (overlayDigest(head.overlay) !== statement.overlayDigest) {
    return err(refusal("overlay_digest_mismatch", "the overlay is not the one in the statement"));
  }
  if (detailDigest(head.detail) !== statement.detailDigest) {
    return err(refusal("detail_digest_mismatch", "the detail is not the one in the statement"));
  }

  const content = await readContent(statement, memory, pins, reads);
  if (!content.ok) return content;
  const dangling = danglingOverlay(head.overlay, content.value.entries);
  if (dangling !== undefined) return err(refusal("overlay_dangling", `overlay of ${dangling.flag}: ${dangling.why}`));

  const release: VerifiedRelease = {
    head: headText,
    note: head.checkpoint,
    checkpoint,
    frontier: frontier.value,
    statement,
    policy,
    policies: policies.value.policies,
    overlay: head.overlay,
    ...content.value,
    freshAt,
  };
  return ok({ release, ...(fresh.fault === undefined ? {} : { fault: fresh.fault }) });
}

/** The head that is known already: only its freshness can be new. */
async function renew(
  memory: VerifiedRelease,
  renewalText: string | null,
  now: number,
): Promise<Result<Acceptance, Refusal>> {
  const note = parseSignedNote(memory.note);
  if (!note.ok) throw new Error("a verified note no longer parses");
  const { at, fault } = await readFreshness(memory.policy, note.value, renewalText, now);
  const freshAt = Math.max(at ?? 0, memory.freshAt);
  const release = freshAt === memory.freshAt ? memory : { ...memory, freshAt };
  return ok({ release, ...(fault === undefined ? {} : { fault }) });
}

interface Shape {
  readonly head: Head;
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
  readonly statement: Statement;
}

function readShape(text: string): Result<Shape, Refusal> {
  const head = parseHead(text);
  if (!head.ok) {
    const code = (
      { too_large: "head_too_large", malformed: "head_malformed", not_canonical: "head_not_canonical" } as const
    )[head.error];
    return err(refusal(code, `the head of ${text.length} characters is ${head.error.replace("_", " ")}`));
  }
  const note = parseSignedNote(head.value.checkpoint);
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
  if (!note.ok || !checkpoint.ok) return err(refusal("checkpoint_malformed", "the checkpoint is no signed tree head"));
  const statement = parseStatement(head.value.statement);
  if (!statement.ok)
    return err(refusal("statement_malformed", `the statement is ${statement.error.replace("_", " ")}`));
  return ok({ head: head.value, note: note.value, checkpoint: checkpoint.value, statement: statement.value });
}

const isFork = (known: Checkpoint, found: Checkpoint): boolean =>
  known.size === found.size && !equalBytes(known.root, found.root);

/** The entries: those already verified where the revision is unchanged, else the snapshot's, gated by its digest. */
async function readContent(
  statement: Statement,
  memory: VerifiedRelease | undefined,
  pins: MeshPins,
  reads: StoreReads,
): Promise<Result<Pick<VerifiedRelease, "entries" | "snapshot" | "snapshotText">, Refusal>> {
  const { snapshotDigest, configRoot, configSize } = statement;
  if (memory?.statement.snapshotDigest === snapshotDigest) {
    const { entries, snapshot, snapshotText, statement: known } = memory;
    return configRoot === known.configRoot && configSize === known.configSize
      ? ok({ entries, snapshot, snapshotText })
      : err(refusal("config_root_mismatch", `one snapshot has one root, ${known.configRoot}, found ${configRoot}`));
  }
  const text = textOrNull(await reads.snapshot(snapshotDigest));
  if (text === null) return err(refusal("snapshot_missing", `the store has no snapshot ${snapshotDigest} (yet)`));
  const snapshot = await openSnapshot(text, statement);
  if (!snapshot.ok) return snapshot;
  const entries = entriesOfSnapshot(snapshot.value);
  const misplaced = checkPlacement(entries, pins);
  return misplaced === undefined ? ok({ entries, snapshot: snapshot.value, snapshotText: text }) : err(misplaced);
}

/** Text form of a release's root, for health and evidence. */
export const rootText = ({ checkpoint }: VerifiedRelease): string => toBase64(checkpoint.root);
