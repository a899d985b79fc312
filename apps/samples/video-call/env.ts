/** What the server needs from its environment. `@patchbay/sdk-node` reads PATCHBAY_URL, PATCHBAY_KEY and its kin by itself. */
export interface Environment {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host: string;
  /** Where a page with a pass connects: `tokenHandler` says it to all others. */
  readonly signalUrl: string | undefined;
}

export function readEnvironment(): Environment {
  const port = Number(process.env.PORT ?? 3001);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('PORT is no port number.');
  const { HOST: host, PATCHBAY_SIGNAL_URL: signalUrl } = process.env;
  return { port, host: host || '127.0.0.1', signalUrl };
}
