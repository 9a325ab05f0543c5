import { expect, test } from "vitest";
import { millisecondsOf } from "../../../shared/document/duration.ts";

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1m", 60_000],
  ["2h", 7_200_000],
  ["0s", 0],
])("%s is %d ms", (text, ms) => {
  expect(millisecondsOf(text)).toBe(ms);
});

test.each(["", "10", "s", "1.5s", "-1s", "10 s", "10S", "1d", "10s\n", "9999999999s"])("%j is no duration", (text) => {
  expect(millisecondsOf(text)).toBeUndefined();
});
