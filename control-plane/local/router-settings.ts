/** What the router's process is told over its IPC channel. */
export interface RouterSettings {
  readonly host: string;
  readonly port: number;
  readonly code: string;
  readonly env: Readonly<Record<string, string>>;
  readonly durableObjects: Readonly<Record<string, string>>;
  readonly compatibilityDate: string;
  readonly stateDirectory?: string;
}
