import type { ScopedTransaction } from './scope.ts';

/** A place of an account that something is set for: an application, an instance type of it, or an endpoint. None named: the account. */
export interface PlaceBelow {
  readonly accountId: string;
  readonly applicationId?: string | null | undefined;
  readonly instanceType?: string | undefined;
  readonly endpointId?: string | null | undefined;
}

/**
 * Whether the place is there, which it then stays until the transaction is over: whoever removes it waits until what is set for it is
 * stored, and takes it along.
 */
export async function isHeldPlace(
  transaction: ScopedTransaction,
  { accountId, applicationId, instanceType, endpointId }: PlaceBelow,
): Promise<boolean> {
  if (applicationId) {
    const [application] = await transaction.$queryRaw<{ instance_types: readonly string[] }[]>`
      SELECT instance_types FROM application WHERE account_id = ${accountId} AND id = ${applicationId} FOR SHARE`;
    if (application === undefined) return false;
    if (instanceType && !application.instance_types.includes(instanceType)) return false;
  }
  if (!endpointId) return true;
  const [endpoint] = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id FROM endpoint WHERE account_id = ${accountId} AND id = ${endpointId} AND rests_until IS NULL FOR SHARE`;
  return endpoint !== undefined;
}
