/** What `token` gives, and `tokenHandler` answers: all that a browser needs to connect. */
export interface TokenAnswer {
  readonly token: string;
  readonly signalUrl: string;
  /** Milliseconds since 1970. The browser asks for a new one before. */
  readonly expiresAtMs: number;
}
