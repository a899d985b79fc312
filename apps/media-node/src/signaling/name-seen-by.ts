import type { Client } from './clients.ts';

/** A name of another account is shown with that account, so that nobody passes for somebody of this one. */
export function nameSeenBy(viewer: Client, shown: Client): string {
  const { accountId, identity } = shown.principal;
  return accountId === viewer.principal.accountId ? identity : `${identity}@${accountId}`;
}
