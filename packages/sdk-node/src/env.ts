/** What the environment says. The only place of this package that reads it; each line can be set in code instead. */
export interface Environment {
  /** PATCHBAY_URL: the platform's address. */
  readonly url: string | undefined;
  /** PATCHBAY_SIGNAL_URL: where browsers connect, such as `wss://signal.example.com`. */
  readonly signalUrl: string | undefined;
  /** PATCHBAY_TURN_URL: one or more TURN addresses with commas between. */
  readonly turnUrl: string | undefined;
  /** PATCHBAY_ACCOUNT: the account that calls are about when they name none. */
  readonly accountId: string | undefined;
  /** PATCHBAY_KEY: the secret key. */
  readonly key: string | undefined;
}

export function readEnvironment(): Environment {
  // Some runtimes at the edge have no process.
  const env: Readonly<Record<string, string | undefined>> = typeof process === 'undefined' ? {} : process.env;
  return {
    url: env.PATCHBAY_URL || undefined,
    signalUrl: env.PATCHBAY_SIGNAL_URL || undefined,
    turnUrl: env.PATCHBAY_TURN_URL || undefined,
    accountId: env.PATCHBAY_ACCOUNT || undefined,
    key: env.PATCHBAY_KEY || undefined,
  };
}
