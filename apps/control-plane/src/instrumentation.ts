/** Runs once, before the first request is taken. */
export async function register(): Promise<void> {
  const [{ readEnv }, { noteAddresses }] = await Promise.all([
    import('./server/env.ts'),
    import('./server/request-address.ts'),
  ]);
  noteAddresses(readEnv().PATCHBAY_TRUSTED_PROXY_COUNT);
}
