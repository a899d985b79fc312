import { platformError, ServiceError } from '@patchbay/kit/errors';
import { etagOf, namesTag } from './etag.ts';
import { type MountedOperation, mountedOperations } from './mounted.ts';

/** Whether If-Match is held where an operation is asked for. */
export const isConditional = ({ owner, operation }: MountedOperation): boolean =>
  operation.replaces !== undefined ||
  (owner.kind === 'service' && owner.isDerived && operation.method === 'PUT');

/** The operation that reads what another one replaces. */
export const replacedBy = ({
  group,
  operation: { replaces },
}: MountedOperation): MountedOperation | undefined =>
  replaces === undefined ? undefined : byName.get(`${group}.${replaces}`);

/** The same, also where every service has the two by one rule: `putConfig` replaces what `getConfig` reads. */
export const readOf = (mounted: MountedOperation): MountedOperation | undefined =>
  replacedBy(mounted) ?? byName.get(`${mounted.group}.${mounted.name.replace(/^put/, 'get')}`);

const byName = new Map(mountedOperations.map((mounted) => [`${mounted.group}.${mounted.name}`, mounted]));

/**
 * Refuses a change to what is no longer as its caller read it (RFC 9110 §13.1.1), and says what it is now: of two who edit
 * at once the second sees what the first did.
 */
export async function refuseChanged(
  ifMatch: string | undefined,
  current: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (ifMatch === undefined || namesTag(ifMatch, await etagOf(current))) return;
  const { fields } = platformError('request.precondition_failed', 'It was changed since it was read.');
  throw new ServiceError({ ...fields, current });
}
