import type { requestCallers, requestKinds, requestOutcomes } from '@patchbay/domain/api/definition';
import type { UsedBy } from '@patchbay/domain/metering/use-counter';
import { UNSERVED_RESOURCE } from '@patchbay/kit/definition';
import type { ServiceError } from '@patchbay/kit/errors';
import { isId } from '@patchbay/kit/ids';
import type { Platform, Principal } from './platform.ts';

export interface EndedRequest {
  /** What it came to, as scopes name it. Absent: to nothing that is served. */
  readonly resource: string | undefined;
  readonly isRead: boolean;
  readonly principal: Principal;
  /** What it was about, where the caller reaches that. */
  readonly subject: UsedBy | undefined;
  /** What it was refused with. */
  readonly error: ServiceError | undefined;
}

/**
 * Counts a request whose caller is known, served or refused (MET-6). It counts for the account that it was about; where
 * the caller reaches none, for the account of the key: nobody makes a stranger's bill grow by asking about them.
 */
export function countRequest(
  platform: Pick<Platform, 'recordUsage'>,
  { resource = UNSERVED_RESOURCE, isRead, principal: { actor }, subject, error }: EndedRequest,
): void {
  const caller = callerOf(actor.kind);
  const usedBy = subject ?? ('accountId' in actor ? { accountId: actor.accountId } : undefined);
  if (caller === undefined || usedBy === undefined) return;
  const kind: (typeof requestKinds)[number] = isRead ? 'read' : 'change';
  platform.recordUsage(
    actor.kind === 'credential' ? { ...usedBy, credentialId: actor.credentialId } : usedBy,
    {
      meter: 'api.requests',
      quantity: 1,
      dimensions: { resource, kind, outcome: outcomeOf(error), caller },
    },
  );
}

interface Unread {
  readonly principal: Principal;
  /** As it came. */
  readonly input: unknown;
  readonly error: ServiceError | undefined;
}

/**
 * What a request was about whose form was refused: the account that it names, where its caller reaches that (MET-6). Of a
 * request that was refused for what it asks, or for its rate, it is known already or not looked for.
 */
export async function subjectOfUnread(
  platform: Pick<Platform, 'reach'>,
  { principal, input, error }: Unread,
): Promise<UsedBy | undefined> {
  const { accountId } = (input ?? {}) as { readonly accountId?: unknown };
  if (error?.fields.code.startsWith('request.') !== true) return undefined;
  if (typeof accountId !== 'string' || !isId('acc', accountId)) return undefined;
  // Of their own it is known without asking: garbage costs no queries.
  if ('accountId' in principal.actor && principal.actor.accountId === accountId) return { accountId };
  const reach = await platform.reach(principal, accountId).catch(() => undefined);
  return reach === undefined ? undefined : { accountId };
}

function outcomeOf(error: ServiceError | undefined): (typeof requestOutcomes)[number] {
  if (error === undefined) return 'succeeded';
  return error.fields.status >= 500 ? 'failed' : 'refused';
}

function callerOf(kind: Principal['actor']['kind']): (typeof requestCallers)[number] | undefined {
  return kind === 'platform' || kind === 'stranger' ? undefined : kind;
}
