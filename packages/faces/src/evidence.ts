import { platformError } from '@patchbay/kit/errors';
import type { Evidence } from './platform.ts';

interface Showing {
  /** The sign-in session that a cookie of the request names. */
  readonly sessionOf: (request: Request) => Promise<string | undefined>;
  /** The account whose host it is shown at, where that is not the platform's. */
  readonly within: string | undefined;
}

/**
 * What a request brings to be known by, at either face: what it names as its bearer, and else the cookie of somebody signed
 * in. A browser sends cookies along from any page: what changes something has to come from a page of ours (C41).
 */
export async function evidenceOf(
  request: Request,
  { sessionOf, within }: Showing,
): Promise<Evidence | undefined> {
  const token = request.headers.get('authorization')?.match(/^Bearer (\S{1,2048})$/i)?.[1];
  if (token !== undefined) return { kind: 'bearer', token, within };
  const signInSessionId = await sessionOf(request);
  if (signInSessionId === undefined) return undefined;
  if (!safeMethods.has(request.method) && !isSameOrigin(request))
    throw platformError('auth.scope', 'This request comes from a page of another site.');
  return { kind: 'signIn', signInSessionId, within };
}

/** These change nothing (RFC 9110 §9.2.1), and what they answer no page of another site may read. */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

function isSameOrigin({ headers }: Request): boolean {
  const [origin, host] = [headers.get('origin'), headers.get('host')];
  return origin !== null && host !== null && URL.canParse(origin) && new URL(origin).host === host;
}
