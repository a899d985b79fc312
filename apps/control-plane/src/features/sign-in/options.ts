import { SIGN_IN_SESSION_LIFETIME_MS } from '@patchbay/adapters/prisma/sign-in';
import type { NextAuthOptions } from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';
import { controlPlane } from '../../server/compose.ts';
import { ADDRESS_HEADER } from '../../server/request-address.ts';
import { sessionCookie } from '../../server/sign-in-session.ts';
import { type Opened, viewProviders } from '../view/view-providers.ts';
import { sessionsNamedBy } from './named-sessions.ts';
import { relyingPartyHere } from './passkey-place.ts';
import { BY_ORGANISATION, PASSKEY_PROVIDER, SECOND_FACTOR } from './second-factor.ts';

/** What a browser sent as text; undefined for what is no JSON, which is no answer of a passkey. */
function parsed(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The cookie is a signed JWT that carries no right by itself: it names a row, and the row can be ended (C12).
 * Whether it still holds is asked at every request.
 */
export const authOptions = (): NextAuthOptions => ({
  cookies: { sessionToken: sessionCookie(controlPlane().env.PATCHBAY_URL) },
  session: { strategy: 'jwt', maxAge: SIGN_IN_SESSION_LIFETIME_MS / 1_000 },
  pages: { signIn: '/sign-in', error: '/sign-in' },
  providers: [
    CredentialsProvider({
      credentials: { email: {}, password: {}, code: {} },
      authorize: async (credentials, request) => {
        const { email, password, code } = credentials ?? {};
        if (email === undefined || password === undefined) return null;
        const { [ADDRESS_HEADER]: address, 'user-agent': userAgent } = request.headers ?? {};
        const from = typeof address === 'string' ? address : '';
        const { signInLimiter, signIns } = controlPlane();
        if ((await signInLimiter.count(from, Date.now())).isExceeded) return null;
        const signedIn = await signIns.signIn({
          email,
          password,
          code,
          address: from,
          ...(typeof userAgent === 'string' ? { userAgent } : {}),
        });
        // The answer's error is this text.
        if (signedIn === 'second_factor') throw new Error(SECOND_FACTOR);
        if (signedIn === 'organisation') throw new Error(BY_ORGANISATION);
        return signedIn === undefined ? null : { id: signedIn.signInSessionId };
      },
    }),
    CredentialsProvider({
      id: PASSKEY_PROVIDER,
      credentials: { response: {} },
      authorize: async (credentials, request) => {
        const { [ADDRESS_HEADER]: address, 'user-agent': userAgent } = request.headers ?? {};
        const from = typeof address === 'string' ? address : '';
        const { signInLimiter, signIns } = controlPlane();
        if ((await signInLimiter.count(from, Date.now())).isExceeded) return null;
        const at = await relyingPartyHere();
        if (at === undefined) return null;
        const signedIn = await signIns.signInByPasskey({
          response: parsed(credentials?.response),
          at,
          address: from,
          ...(typeof userAgent === 'string' ? { userAgent } : {}),
        });
        if (signedIn === 'organisation') throw new Error(BY_ORGANISATION);
        return signedIn === undefined ? null : { id: signedIn.signInSessionId };
      },
    }),
    ...viewProviders,
  ],
  callbacks: {
    jwt: ({ token, user }) => {
      if (user === undefined) return token;
      const { id: signInSessionId, returnsTo }: Opened = user;
      return { signInSessionId, ...(returnsTo === undefined ? {} : { returnsTo }) };
    },
  },
  events: {
    signOut: async ({ token: { signInSessionId, returnsTo } }) => {
      for (const sessionId of sessionsNamedBy({ signInSessionId, returnsTo }))
        await controlPlane().signIns.signOut(sessionId);
    },
  },
});
