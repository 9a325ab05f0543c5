/** The overlay: what operators may do to a revision without a new one (kill a flag, move it to another approved stage). */
/** `stage` is a percent that the flag's `steps` list, by value. */
export type OverlayChange = { readonly kill: true } | { readonly stage: number };
export interface Overlay {
  readonly [flag: string]: OverlayChange;
}
