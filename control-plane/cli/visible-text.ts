/** Other people's text on a terminal, as it is: nothing in it can move the cursor, reverse the line, or hide. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;

/** Control, format and other characters that show nothing are written `\u{…}`. */
export const visible = (text: string): string =>
  text.replace(invisible, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`);
