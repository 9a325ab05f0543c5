/** Vite's: every file of a folder, loaded with the test. The pattern is a literal. */
interface ImportMeta {
  glob<T>(pattern: string, options: { readonly eager: true; readonly import: "default" }): Record<string, T>;
}
