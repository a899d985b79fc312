import NextAuth from 'next-auth';
import { authOptions } from '../../../../features/sign-in/options.ts';

export const dynamic = 'force-dynamic';

const serve = NextAuth(authOptions);

export { serve as GET, serve as POST };
