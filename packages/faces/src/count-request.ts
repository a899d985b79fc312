import type { requestCallers, requestKinds, requestOutcomes } from '@patchbay/domain/api/definition';
import type { UsedBy } from '@patchbay/domain/metering/use-counter';
import type { ServiceError } from '@patchbay/kit/errors';
import type { MountedOperation } from './mounted.ts';
import type { Platform, Principal } from './platform.ts';

export interface EndedRequest {
  readonly mounted: MountedOperation;
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
  { mounted, principal: { actor }, subject, error }: EndedRequest,
): void {
  const caller = callerOf(actor.kind);
  const usedBy = subject ?? ('accountId' in actor ? { accountId: actor.accountId } : undefined);
  if (caller === undefined || usedBy === undefined) return;
  const kind: (typeof requestKinds)[number] = mounted.operation.method === 'GET' ? 'read' : 'change';
  platform.recordUsage(
    actor.kind === 'credential' ? { ...usedBy, credentialId: actor.credentialId } : usedBy,
    {
      meter: 'api.requests',
      quantity: 1,
      dimensions: { resource: mounted.scopeName, kind, outcome: outcomeOf(error), caller },
    },
  );
}

function outcomeOf(error: ServiceError | undefined): (typeof requestOutcomes)[number] {
  if (error === undefined) return 'succeeded';
  return error.fields.status >= 500 ? 'failed' : 'refused';
}

function callerOf(kind: Principal['actor']['kind']): (typeof requestCallers)[number] | undefined {
  return kind === 'platform' || kind === 'stranger' ? undefined : kind;
}
