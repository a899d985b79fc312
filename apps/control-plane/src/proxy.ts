import type { NextRequest } from 'next/server';
import { NextResponse } from 'next/server';
import { controlPlane } from './server/compose.ts';

/**
 * Pages are for hosts that somebody proved (PRD-2). What is served at any name, for machines, is left out: nodes and health
 * checks reach a control plane by names of their own; the API says so itself.
 */
export const config = { matcher: ['/((?!_next/|v1/|api/(?!auth/)|internal/|brand/).*)'] };

export async function proxy(request: NextRequest): Promise<NextResponse> {
  // While the store does not answer a page says so, in nobody's name.
  const host = await controlPlane()
    .hosts.of(request.headers)
    .catch(() => undefined);
  if (host?.kind !== 'unknown') return NextResponse.next();
  return new NextResponse('Nothing is served at this host.\n', {
    status: 421,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}
