/** Integers as Redis reads them from arguments and values: 64 bits, signed, in canonical decimal. */

const canonical = /^(0|-?[1-9][0-9]*)$/;
export const int64Max = 2n ** 63n - 1n;
export const int64Min = -(2n ** 63n);

export const isInt64 = (value: bigint): boolean => value >= int64Min && value <= int64Max;

/** `undefined` where Redis answers "value is not an integer or out of range". */
export function parseInt64(text: string): bigint | undefined {
  if (text.length > 20 || !canonical.test(text)) return undefined;
  const value = BigInt(text);
  return isInt64(value) ? value : undefined;
}
