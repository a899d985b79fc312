import { scopesAllow } from '@patchbay/domain/tenancy/access';
import { mountedOperations } from './mounted.ts';

/**
 * The services, by name, for which a key with these scopes may mint credentials. A credential that is minted offline is
 * held to the same scopes as the operation that mints it at the API (ACC-4).
 */
export function servicesMintedWith(scopes: readonly string[]): readonly string[] {
  const minting = mountedOperations.filter(({ operation }) => operation.isMinting === true);
  const allowed = minting.filter(({ scopeName, name, operation }) =>
    scopesAllow(scopes, { owner: scopeName, operation: name, isRead: operation.method === 'GET' }),
  );
  return [...new Set(allowed.map(({ scopeName }) => scopeName))];
}
