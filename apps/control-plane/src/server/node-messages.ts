import type { BusMessage } from '@patchbay/domain/fleet/bus';

/**
 * The events of handlers that nodes have to hear of at once. What happens in sessions is no handler's to say: their logs
 * carry it, and the ingest reads the events out of the lines that are new (`eventOfLine` of the hooks domain).
 */
export function toBusMessage(accountId: string, event: string, payload: unknown): BusMessage | undefined {
  const fields = (payload ?? {}) as { readonly keyId?: string; readonly prefixId?: string };
  switch (event) {
    // Its time zone is that of the days and times which it set.
    case 'tenancy.account.changed':
    case 'tenancy.account.state-changed':
    case 'tenancy.account.moved':
    case 'tenancy.application.created':
    case 'tenancy.application.changed':
    case 'tenancy.application.removed':
    // Nodes hold when a key ends.
    case 'tenancy.key.rotated':
    case 'policy.changed':
    case 'access.allow-list.changed':
    case 'access.service.enabled':
    case 'access.service.disabled':
    case 'logic.mapping.set':
    case 'logic.mapping.removed':
      return { type: 'account.changed', accountId };
    case 'tenancy.key.revoked':
      return fields.keyId === undefined ? undefined : { type: 'key.revoked', keyId: fields.keyId };
    case 'tenancy.credential.revoked':
      return fields.prefixId === undefined
        ? undefined
        : { type: 'credential.revoked', prefixId: fields.prefixId };
    default:
      return undefined;
  }
}
