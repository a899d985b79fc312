/** Runs once, before the first request is taken. */
export async function register(): Promise<void> {
  // Next builds this file for its edge runtime too, which has no sockets; it replaces the word below while building.
  // biome-ignore lint/style/noProcessEnv: it is no setting, and gone after the build.
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { noteAddresses } = await import('./server/request-address.ts');
  const { readEnv } = await import('./server/env.ts');
  const { PATCHBAY_TRUSTED_PROXY_COUNT: trustedProxyCount, PATCHBAY_URL: url } = readEnv();
  noteAddresses({ trustedProxyCount, protocol: url.startsWith('https:') ? 'https' : 'http' });
}
