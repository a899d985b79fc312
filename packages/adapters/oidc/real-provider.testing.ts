/** A provider that we did not write, on this machine, and a browser in which somebody signs in there. */
import { createServer, type Server } from 'node:http';
import Provider from 'oidc-provider';

export interface RealProvider {
  readonly issuer: string;
  /** Who signs in next. */
  account: {
    readonly id: string;
    readonly email: string;
    readonly isVerified: boolean;
    readonly groups?: readonly string[];
  };
  close(): Promise<void>;
}

export const CLIENT = { id: 'patchbay', secret: 'a secret of the client, long enough' } as const;

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** @param redirectUrls Where it lets browsers go back to. */
export async function startRealProvider(redirectUrls: readonly string[]): Promise<RealProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [...redirectUrls],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        email: real.account.email,
        email_verified: real.account.isVerified,
        name: 'Ada of the provider',
        groups: [...(real.account.groups ?? [])],
      }),
    }),
    // Whoever signs in agrees to all of it.
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, params } = oidc;
      const grant = new oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope(String(params?.scope));
      await grant.save();
      return grant;
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['a key of this test'] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return void answer(request, response);
    const result = { login: { accountId: real.account.id } };
    void provider.interactionFinished(request, response, result);
  });
  const real: RealProvider = {
    issuer,
    account: { id: 'ada', email: 'ada@acme.example', isVerified: true },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return real;
}

const HOP_COUNT_MAX = 10;

/** Follows a browser through a provider until it is sent somewhere else: there it would go. */
export async function browseThrough(url: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = url;
  for (let hop = 0; hop < HOP_COUNT_MAX; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${at} answers ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
    if (at.origin !== url.origin) return at;
  }
  throw new Error(`${url} sends its browsers round and round.`);
}
