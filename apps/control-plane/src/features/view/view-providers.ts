import CredentialsProvider from 'next-auth/providers/credentials';
import { controlPlane } from '../../server/compose.ts';
import { namedSessionOf } from '../../server/sign-in-session.ts';

/** What a sign-in leads to, as the cookie is to name it. */
export interface Opened {
  readonly id: string;
  readonly returnsTo?: string;
}

type AuthorizeRequest = { readonly headers?: Readonly<Record<string, unknown>> | undefined };

function sessionBehind({ headers = {} }: AuthorizeRequest) {
  const { cookie } = headers;
  const sent = { headers: new Headers(typeof cookie === 'string' ? { cookie } : {}) };
  return namedSessionOf(sent, controlPlane().env.PATCHBAY_URL);
}

/**
 * The cookie names another session while somebody looks as an account below theirs, and then the first one again (C12).
 * These prove who somebody is by the session that they have: neither gives a right that `views.start` did not.
 */
export const viewProviders = [
  CredentialsProvider({
    id: 'view',
    credentials: { viewId: {} },
    authorize: async (credentials, request): Promise<Opened | null> => {
      const named = await sessionBehind(request);
      if (named === undefined || credentials === undefined) return null;
      const { signIns, views } = controlPlane();
      const [user, viewer] = [
        await signIns.check(named.signInSessionId),
        await signIns.check(credentials.viewId),
      ];
      const isOwn = user !== undefined && viewer?.userId === user.userId;
      const isView = (await views.of(credentials.viewId)) !== undefined;
      return isOwn && isView
        ? { id: credentials.viewId, returnsTo: named.returnsTo ?? named.signInSessionId }
        : null;
    },
  }),
  CredentialsProvider({
    id: 'leave-view',
    credentials: {},
    authorize: async (_credentials, request): Promise<Opened | null> => {
      const returnsTo = (await sessionBehind(request))?.returnsTo;
      const user = returnsTo === undefined ? undefined : await controlPlane().signIns.check(returnsTo);
      return user === undefined || returnsTo === undefined ? null : { id: returnsTo };
    },
  }),
];
