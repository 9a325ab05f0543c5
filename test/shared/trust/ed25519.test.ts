import { describe, expect, test } from "vitest";
import { utf8, type Bytes } from "../../../shared/encoding/bytes.ts";
import { verifyEd25519 } from "../../../shared/trust/ed25519.ts";

const hex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe("an Ed25519 signature", () => {
  /** RFC 8032, 7.1, test 2. */
  const key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const message = hex("72");
  const signature = hex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );

  test("of RFC 8032 is valid, again and again", async () => {
    expect(await verifyEd25519(key, message, signature)).toBe(true);
    expect(await verifyEd25519(key, message, signature)).toBe(true);
  });

  test.each([
    ["over another message", hex("73"), signature],
    ["with one bit changed in R", message, signature.with(0, signature[0]! ^ 1)],
    ["with one bit changed in S", message, signature.with(33, signature[33]! ^ 1)],
    // S + L: the same point, and another text for the same signature.
    [
      "that was made malleable",
      message,
      hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
          addOrder("085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
      ),
    ],
    ["of 63 bytes", message, signature.slice(0, 63)],
    ["of 65 bytes", message, new Uint8Array([...signature, 0])],
    ["of no bytes", message, new Uint8Array(0)],
    ["of zeros", message, new Uint8Array(64)],
  ])("%s is invalid", async (_, message, signature) => {
    expect(await verifyEd25519(key, message, signature)).toBe(false);
  });

  const weakPoints = [
    ["the neutral element", `01${"00".repeat(31)}`],
    ["the neutral element, not reduced", `ee${"ff".repeat(30)}7f`],
    ["of order 2", `ec${"ff".repeat(30)}7f`],
    ["of order 4", "00".repeat(32)],
    ["of order 4, x negative", `${"00".repeat(31)}80`],
    ["of order 4, not reduced", `ed${"ff".repeat(31)}`],
    ["of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
    ["of order 8, x negative", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
    ["of order 8, the other", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
  ] as const;

  test.each(weakPoints)("by a public key that is %s is never valid: anyone could make one", async (_, text) => {
    const ofNeutral = new Uint8Array(64).with(0, 1);
    for (let i = 0; i < 16; i++) {
      expect(await verifyEd25519(hex(text), utf8(`message ${i}`), ofNeutral)).toBe(false);
    }
  });

  test.each([
    ["no point at all", `02${"00".repeat(31)}`],
    ["too short", "01"],
    ["too long", "01".repeat(33)],
  ])("by a public key that is %s is invalid", async (_, text) => {
    expect(await verifyEd25519(hex(text), message, signature)).toBe(false);
  });

  /** The message is "r"; S = k × a, which only the holder of the private key can compute. */
  const neutralR = `01${"00".repeat(31)}675d054595fa17cb6a44e3ada6ca385e55667e41a63fdab0ac22d10000354002`;

  test("whose R is the neutral element is invalid, though the equation holds", async () => {
    expect(await verifyEd25519(key, message, hex(neutralR))).toBe(false);
  });
});

const littleEndian = (text: string): string => (text.match(/../g) ?? []).toReversed().join("");

/** A little-endian number plus the order of the group. */
function addOrder(text: string): string {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const sum = BigInt(`0x${littleEndian(text)}`) + order;
  return littleEndian(sum.toString(16).padStart(64, "0"));
}
