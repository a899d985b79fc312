import { platformError } from '@patchbay/kit/errors';
import { pageRequest } from '@patchbay/kit/page';
import type { MountedOperation } from './mounted.ts';
import type { Platform } from './platform.ts';

interface ListCall {
  readonly mounted: MountedOperation;
  readonly accountId: string | undefined;
  readonly request: unknown;
}

/**
 * Whether an operation answers page by page, with cursors that are good for the next page and nothing else. The place of an
 * event in the log is another thing, which whoever reads it keeps (HKS-2).
 */
const isPaged = ({ operation: { request } }: MountedOperation): boolean =>
  (request.shape as Readonly<Record<string, unknown>>).cursor === pageRequest.shape.cursor;

/** A cursor goes on in the list that gave it: not in another one, and not in that of another account. */
const placeOf = ({ mounted: { scopeName, name }, accountId = '' }: ListCall): string =>
  `${scopeName}:${name} ${accountId}`;

/** The request with its cursor as the list wrote it. One that no list gave is refused (C20). */
export function withCursorOpened({ cursors }: Pick<Platform, 'cursors'>, call: ListCall): unknown {
  const { cursor } = call.request as { readonly cursor?: string };
  if (cursor === undefined || !isPaged(call.mounted)) return call.request;
  const opened = cursors.open(placeOf(call), cursor);
  if (opened === undefined)
    throw platformError('request.invalid', '/cursor: It is none that this list gave.');
  return { ...(call.request as object), cursor: opened };
}

/** The answer with its cursor closed: what it is made of, such as a number that counts over all tenants, is ours. */
export function withCursorSealed<Answer extends Record<string, unknown>>(
  { cursors }: Pick<Platform, 'cursors'>,
  call: ListCall,
  answer: Answer,
): Answer {
  const { nextCursor } = answer;
  if (typeof nextCursor !== 'string' || !isPaged(call.mounted)) return answer;
  return { ...answer, nextCursor: cursors.seal(placeOf(call), nextCursor) };
}
