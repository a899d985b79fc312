import { ServiceError } from '@patchbay/kit/errors';
import { admit, principalOf } from './admission.ts';
import { countRequest, subjectOfUnread } from './count-request.ts';
import type { MountedOperation } from './mounted.ts';
import { noteRefused } from './note-refused.ts';
import type { Evidence, Platform, Principal } from './platform.ts';

/** A request that came to no operation: what it asked for is not there, or it cannot be read. */
export interface Unserved {
  readonly isRead: boolean;
  /** What its path belongs to, as scopes name it. Absent: nothing is there. */
  readonly resource: string | undefined;
  /** The operation that it would have come to. */
  readonly mounted: MountedOperation | undefined;
  /** The account that its path names. */
  readonly accountId: string | undefined;
  readonly error: ServiceError;
}

interface Asking {
  readonly evidence: Evidence | undefined;
  readonly address?: string | undefined;
  readonly within?: string | undefined;
  readonly requestId: string;
  readonly responseHeaders: Headers;
}

/**
 * What such a request is refused with. Whose key is known is limited and counted like for any other (C18, MET-6); a stranger
 * is told of an operation's form only where it takes strangers (POL-4), and of nothing else is anything written.
 */
export async function unserved(platform: Platform, asking: Asking, request: Unserved): Promise<ServiceError> {
  const { mounted, isRead, resource, accountId } = request;
  let principal: Principal;
  try {
    principal = await principalOf(platform, asking, mounted ?? { authentication: 'none' });
  } catch (error) {
    return asServiceError(error);
  }
  const error = await admit(platform, { ...asking, principal }, isRead).then(
    () => request.error,
    asServiceError,
  );
  const input = { accountId };
  const subject = await subjectOfUnread(platform, { principal, input, error });
  countRequest(platform, { resource, isRead, principal, subject, error });
  if (mounted !== undefined) await noteRefused(platform, { ...asking, mounted, principal, input, error });
  return error;
}

function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  throw error;
}
