import type { NextRequest } from 'next/server';
import NextAuth from 'next-auth';
import { authOptions } from '../../../../features/sign-in/options.ts';

export const dynamic = 'force-dynamic';

// Its settings are read at the first request, not while Next builds.
const serve = (request: NextRequest, context: { readonly params: Promise<unknown> }): Promise<Response> =>
  NextAuth(request as never, context as never, authOptions());

export { serve as GET, serve as POST };
