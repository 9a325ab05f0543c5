/**
 * MurmurHash3, the x86 32-bit form, of a text's UTF-8 bytes. It decides who is in a rollout, so its results may never
 * change: docs/decisions/0001-bucketing.md.
 */
import { utf8 } from "../encoding/bytes.ts";

/** What is known after a prefix: the hash of its whole blocks, and the up to three bytes behind them. */
interface State {
  readonly hash: number;
  readonly tail: number;
  readonly tailBytes: number;
  readonly length: number;
}

const start = (seed: number): State => ({ hash: seed, tail: 0, tailBytes: 0, length: 0 });

/** The hash of `text`, from 0 to 2^32 - 1. A lone surrogate counts as U+FFFD, as `TextEncoder` has it. */
export const murmur3 = (text: string, seed = 0): number => hashText(start(seed), text);

/** `murmur3` of texts that all begin with `prefix`, which is hashed once. `prefix` must be well-formed Unicode. */
export function murmur3After(prefix: string, seed = 0): (rest: string) => number {
  const state = absorb(start(seed), utf8(prefix));
  return (rest) => hashText(state, rest);
}

function hashText(state: State, text: string): number {
  const { tailBytes } = state;
  const shift = tailBytes * 8;
  const units = text.length;
  const whole = units & ~3;
  let { hash, tail } = state;
  let seen = 0;
  let at = 0;
  for (; at < whole; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    seen |= a | b | c | d;
    const word = a | (b << 8) | (c << 16) | (d << 24);
    hash = mix(hash, tail | (word << shift));
    // Two shifts, because `>>> 32` would shift by nothing.
    tail = (word >>> 8) >>> (24 - shift);
  }
  let rest = 0;
  for (let place = 0; at < units; at++, place += 8) {
    const unit = text.charCodeAt(at);
    seen |= unit;
    rest |= unit << place;
  }
  if (seen > 0x7f) return finish(absorb(state, utf8(text)));

  tail |= rest << shift;
  if (tailBytes + (units & 3) >= 4) {
    hash = mix(hash, tail);
    tail = (rest >>> 8) >>> (24 - shift);
  }
  return avalanche(hash ^ scramble(tail) ^ (state.length + units));
}

function absorb(state: State, bytes: Uint8Array): State {
  let { hash, tail, tailBytes } = state;
  for (const byte of bytes) {
    tail |= byte << (tailBytes * 8);
    if (++tailBytes === 4) {
      hash = mix(hash, tail);
      tail = tailBytes = 0;
    }
  }
  return { hash, tail, tailBytes, length: state.length + bytes.length };
}

const finish = ({ hash, tail, length }: State): number => avalanche(hash ^ scramble(tail) ^ length);

function scramble(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function mix(hash: number, block: number): number {
  const h = hash ^ scramble(block);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
