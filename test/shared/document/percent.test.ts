import fc from "fast-check";
import { expect, test } from "vitest";
import { millipercentOf, percentText } from "../../../shared/document/percent.ts";

test.each([
  [0, 0],
  [100, 100_000],
  [12.5, 12_500],
  [0.001, 1],
  [99.999, 99_999],
  // Times 1000 these are 32783.999999999996 and 1004.9999999999999.
  [32.784, 32_784],
  [1.005, 1_005],
  [-0, 0],
])("%d %% is %d thousandths", (percent, thousandths) => {
  expect(millipercentOf(percent)).toEqual({ ok: true, value: thousandths });
});

test.each([
  [-0.001, "percent_range"],
  [100.001, "percent_range"],
  [101, "percent_range"],
  [Infinity, "percent_range"],
  [NaN, "percent_range"],
  [0.0001, "percent_precision"],
  [12.3456, "percent_precision"],
  [1e-7, "percent_precision"],
  [0.1 + 0.2, "percent_precision"],
])("%d is refused as %s", (percent, error) => {
  expect(millipercentOf(percent)).toEqual({ ok: false, error });
});

test("every share of at most three decimals is read exactly, and its text reads the same again", () => {
  const misread: string[] = [];
  for (let share = 0; share <= 100_000; share++) {
    const text = `${Math.floor(share / 1000)}.${String(share % 1000).padStart(3, "0")}`;
    const read = millipercentOf(Number(text));
    if (!read.ok || read.value !== share || Number(percentText(share)) !== Number(text)) misread.push(text);
  }
  expect(misread).toEqual([]);
});

const isNear = (percent: number): boolean => {
  const read = millipercentOf(percent);
  return !read.ok || Math.abs(read.value - percent * 1000) < 1e-6;
};

test("whatever is read is no more than rounding away from a thousandfold", () => {
  expect(() => fc.assert(fc.property(fc.double(), isNear))).not.toThrow();
});
