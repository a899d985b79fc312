import { eventCursor } from '@patchbay/domain/hooks/definition';
import { isBareCursor } from '@patchbay/domain/hooks/envelope';
import { bareCursorEnd, endOfVersion } from '@patchbay/kit/api-version';
import { platformError } from '@patchbay/kit/errors';
import { pageRequest } from '@patchbay/kit/page';
import type { MountedOperation } from './mounted.ts';
import type { Platform } from './platform.ts';

interface ListCall {
  readonly mounted: MountedOperation;
  readonly accountId: string | undefined;
  readonly request: unknown;
  readonly responseHeaders: Headers;
}

const cursorField = ({ operation: { request } }: MountedOperation) =>
  (request.shape as Readonly<Record<string, unknown>>).cursor;

/**
 * Whether an operation answers page by page, with cursors that are good for the next page and nothing else. The place of an
 * event in the log is another thing, which whoever reads it keeps (HKS-2).
 */
const isPaged = (mounted: MountedOperation): boolean => cursorField(mounted) === pageRequest.shape.cursor;

/** A cursor goes on in the list that gave it: not in another one, and not in that of another account. */
const placeOf = ({ mounted: { scopeName, name }, accountId = '' }: ListCall): string =>
  `${scopeName}:${name} ${accountId}`;

type Opening = Pick<Platform, 'cursors' | 'nowMs'>;

/** The request with its cursor as the list wrote it. One that no list gave is refused (C20). */
export function withCursorOpened(platform: Opening, call: ListCall): unknown {
  const { cursor } = call.request as { readonly cursor?: string };
  if (cursor === undefined) return call.request;
  if (cursorField(call.mounted) === eventCursor && isBareCursor(cursor)) takeBare(platform, call);
  if (!isPaged(call.mounted)) return call.request;
  const opened = platform.cursors.open(placeOf(call), cursor) ?? bareOf(platform, call, cursor);
  return { ...(call.request as object), cursor: opened };
}

/** An id, and of some lists a second part: shorter than anything sealed. What else comes is made up. */
const bareListCursor = /^[a-z]{3}_[0-9a-z]{29}(\.\w{1,40})?$/;

function bareOf(platform: Opening, call: ListCall, cursor: string): string {
  if (!bareListCursor.test(cursor))
    throw platformError('request.invalid', '/cursor: It is none that this list gave.');
  takeBare(platform, call);
  return cursor;
}

/** One of the time before they were sealed: taken until its end, and said to be so (RFC 9745, 8594). */
function takeBare({ nowMs }: Opening, { responseHeaders }: ListCall): void {
  if (nowMs() >= bareCursorEnd.endsAt.getTime())
    throw platformError(
      'request.invalid',
      `/cursor: Cursors of this form were taken until ${bareCursorEnd.endsAt.toISOString()}. Begin anew.`,
    );
  for (const [name, value] of Object.entries(endOfVersion(bareCursorEnd))) responseHeaders.set(name, value);
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
