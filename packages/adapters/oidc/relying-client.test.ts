import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { ProviderError } from '@patchbay/domain/sso/provider-error';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AddressRule } from '../outgoing/address-rule.ts';
import { safeFetch } from '../outgoing/safe-fetch.ts';
import { issuerRefusal } from './issuer-refusal.ts';
import { browseThrough, CLIENT, type RealProvider, startRealProvider } from './real-provider.testing.ts';
import { type ProviderClient, relyingClient } from './relying-client.ts';

const REDIRECT = 'https://patchbay.test/sso/org_1/callback';
const secrets = {
  state: 's'.repeat(43),
  nonce: 'n'.repeat(43),
  codeVerifier: 'v'.repeat(43),
};
const departure = { ...secrets, redirectUrl: REDIRECT, email: 'ada@acme.example' };

const rule = new AddressRule({ allowLoopback: true });
const clientOf = (allowed = rule) =>
  relyingClient({
    fetch: safeFetch({ rule: allowed, totalMsMax: 1_000 }),
    isInsecureAllowed: (url) => allowed.isOwnMachine(url),
    nowMs: Date.now,
  });
const providerAt = (issuer: string): ProviderClient => ({
  key: issuer,
  issuer,
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  groupsClaim: 'groups',
});

describe('a provider that we did not write', () => {
  let real: RealProvider;
  beforeAll(async () => {
    real = await startRealProvider([REDIRECT]);
  }, 120_000);
  afterAll(() => real.close());

  const goThere = async (client = clientOf()) => {
    const url = await client.depart(providerAt(real.issuer), departure);
    return { client, url, back: await browseThrough(url) };
  };

  test('signs somebody in, by the code flow with PKCE, a state and a nonce; groups come from where it has them', async () => {
    real.account = { id: 'ada', email: 'ada@acme.example', isVerified: true, groups: ['ops', 'dev'] };
    const { client, url, back } = await goThere();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      state: secrets.state,
      nonce: secrets.nonce,
      response_type: 'code',
      login_hint: 'ada@acme.example',
    });
    expect(back.href.startsWith(`${REDIRECT}?`)).toBe(true);
    expect(back.searchParams.get('iss')).toBe(real.issuer);
    expect(await client.arrive(providerAt(real.issuer), { ...secrets, url: back })).toEqual({
      issuer: real.issuer,
      subject: 'ada',
      email: 'ada@acme.example',
      isEmailVerified: true,
      name: 'Ada of the provider',
      groups: ['ops', 'dev'],
    });
    real.account = { id: 'eve', email: 'ada@acme.example', isVerified: false };
    const again = await goThere(client);
    expect(await client.arrive(providerAt(real.issuer), { ...secrets, url: again.back })).toMatchObject({
      subject: 'eve',
      isEmailVerified: false,
    });
  });

  test('a code is taken once, with the verifier that it was asked for with, and the secret of the client', async () => {
    const { client, back } = await goThere();
    const arrive = (provider: ProviderClient, more: object = {}) =>
      client.arrive(provider, { ...secrets, url: back, ...more });
    const other = { ...providerAt(real.issuer), key: 'other', clientSecret: 'not the secret' };
    await expect(arrive(other)).rejects.toMatchObject({
      kind: 'invalid',
      detail: expect.stringContaining('invalid_client'),
    });
    await expect(arrive(providerAt(real.issuer), { codeVerifier: 'w'.repeat(43) })).rejects.toMatchObject({
      kind: 'invalid',
      detail: expect.stringContaining('invalid_grant'),
    });
    const fresh = await goThere(client);
    const once = { ...secrets, url: fresh.back };
    await client.arrive(providerAt(real.issuer), once);
    await expect(client.arrive(providerAt(real.issuer), once)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('a state, a nonce or an issuer of another sign-in is none of this one', async () => {
    const { client, back } = await goThere();
    const provider = providerAt(real.issuer);
    const invalid = { kind: 'invalid' };
    await expect(client.arrive(provider, { ...secrets, url: back, state: 'forged' })).rejects.toMatchObject(
      invalid,
    );
    // RFC 9207 §2.4: the answer of another provider, brought to this one.
    const mixedUp = new URL(back);
    mixedUp.searchParams.set('iss', 'https://evil.example');
    await expect(client.arrive(provider, { ...secrets, url: mixedUp })).rejects.toMatchObject(invalid);
    const silent = new URL(back);
    silent.searchParams.delete('iss');
    await expect(client.arrive(provider, { ...secrets, url: silent })).rejects.toMatchObject(invalid);
    await expect(client.arrive(provider, { ...secrets, url: back, nonce: 'another' })).rejects.toMatchObject(
      invalid,
    );
  });

  test('says no: then nobody comes in, and it is no fault of the provider', async () => {
    const url = new URL(`${REDIRECT}?error=access_denied&state=${secrets.state}&iss=${real.issuer}`);
    await expect(clientOf().arrive(providerAt(real.issuer), { ...secrets, url })).rejects.toMatchObject({
      kind: 'declined',
      detail: 'It said access_denied',
    });
  });

  test('is asked for what it offers once in ten minutes, and by a probe each time', async () => {
    let asked = 0;
    const fetched = safeFetch({ rule });
    const client = relyingClient({
      fetch: (url, options) => {
        if (url.includes('/.well-known/')) asked += 1;
        return fetched(url, options);
      },
      isInsecureAllowed: (url) => rule.isOwnMachine(url),
      nowMs: () => nowMs,
    });
    let nowMs = 0;
    const provider = providerAt(real.issuer);
    await Promise.all([client.depart(provider, departure), client.depart(provider, departure)]);
    expect(asked).toBe(1);
    nowMs += 10 * 60_000;
    await client.depart(provider, departure);
    expect(asked).toBe(2);
    expect(await client.probe(provider)).toEqual({
      authorizationEndpoint: `${real.issuer}/auth`,
      tokenEndpoint: `${real.issuer}/token`,
    });
    expect(asked).toBe(3);
  });
});

describe('a provider that lies', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.closeAllConnections() ?? server.close();
  });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const { privateKey: strangersKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  interface Token {
    readonly header?: object;
    readonly claims?: object;
    readonly key?: KeyObject;
    /** In place of a signature by a key. */
    readonly signature?: (text: string) => string;
  }
  function tokenOf(issuer: string, { header = {}, claims = {}, key = privateKey, signature }: Token): string {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const said = {
      iss: issuer,
      sub: 'ada',
      aud: CLIENT.id,
      iat: nowSeconds,
      exp: nowSeconds + 60,
      nonce: secrets.nonce,
      email: 'ada@acme.example',
      email_verified: true,
      groups: [],
      ...claims,
    };
    const text = `${encoded({ alg: 'RS256', kid: 'one', ...header })}.${encoded(said)}`;
    const signed = signature?.(text) ?? sign('sha256', Buffer.from(text), key).toString('base64url');
    return `${text}.${signed}`;
  }

  interface Lies extends Token {
    readonly metadata?: (issuer: string) => object;
    readonly answer?: object;
    readonly userInfo?: object;
  }
  /** Says what a provider says, but for what a test has it say otherwise. */
  async function lying({ metadata, answer, userInfo, ...token }: Lies = {}): Promise<string> {
    const issuer = await serve((request, response) => {
      const json = (value: object) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      const at = `http://${request.headers.host}`;
      if (request.url?.startsWith('/.well-known/'))
        return json({
          issuer: at,
          authorization_endpoint: `${at}/auth`,
          token_endpoint: `${at}/token`,
          jwks_uri: `${at}/keys`,
          ...(userInfo === undefined ? {} : { userinfo_endpoint: `${at}/me` }),
          ...metadata?.(at),
        });
      if (request.url === '/keys')
        return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] });
      if (request.url === '/me') return json(userInfo ?? {});
      return json({ access_token: 'a', token_type: 'bearer', id_token: tokenOf(at, token), ...answer });
    });
    return issuer;
  }

  const url = new URL(`${REDIRECT}?code=c&state=${secrets.state}`);
  const arriveAt = (issuer: string) => clientOf().arrive(providerAt(issuer), { ...secrets, url });

  test('nothing is refused of one that tells the truth', async () => {
    expect(await arriveAt(await lying())).toMatchObject({ subject: 'ada', isEmailVerified: true });
  });

  const ofLies: Readonly<Record<string, Lies>> = {
    'a token of another issuer': { claims: { iss: 'https://accounts.example' } },
    'a token for another client': { claims: { aud: 'another' } },
    'a token for many, of which this is not the one': { claims: { aud: [CLIENT.id, 'other'], azp: 'other' } },
    'a token that is over': { claims: { iat: 1_000, exp: 1_060 } },
    'a token that is over for a minute': { claims: { exp: Math.floor(Date.now() / 1_000) - 60 } },
    'a token of tomorrow': { claims: { nbf: Math.floor(Date.now() / 1_000) + 86_400 } },
    'a nonce of another sign-in': { claims: { nonce: 'another' } },
    'no nonce': { claims: { nonce: undefined } },
    nobody: { claims: { sub: '' } },
    'alg none': { header: { alg: 'none' }, signature: () => '' },
    'alg none, in other letters': { header: { alg: 'nOnE' }, signature: () => '' },
    'no signature at all': { signature: () => '' },
    'a signature by the client secret': {
      header: { alg: 'HS256' },
      signature: (text) => createHmac('sha256', CLIENT.secret).update(text).digest('base64url'),
    },
    'a signature by its public key as a secret': {
      header: { alg: 'HS256' },
      signature: (text) =>
        createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' }))
          .update(text)
          .digest('base64url'),
    },
    'a signature by somebody else': { key: strangersKey },
    'a key of which nobody heard': { header: { kid: 'two' } },
    'no token of who it is': { answer: { id_token: undefined } },
    'user information of somebody else': {
      claims: { email: undefined },
      userInfo: { sub: 'eve', email: 'ada@acme.example', email_verified: true },
    },
  };

  test.each(Object.entries(ofLies))('%s signs nobody in', async (_what, lies) => {
    await expect(arriveAt(await lying(lies))).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('its clock may be off by half a minute', async () => {
    const exp = Math.floor(Date.now() / 1_000) - 20;
    expect(await arriveAt(await lying({ claims: { exp } }))).toMatchObject({ subject: 'ada' });
  });

  test('whatever is not plainly true is no verified address', async () => {
    const verified = async (claim: unknown) =>
      (await arriveAt(await lying({ claims: { email_verified: claim } }))).isEmailVerified;
    for (const claim of [false, 'false', 0, 1, null, {}, []]) expect(await verified(claim)).toBe(false);
    expect(await verified('true')).toBe(true);
    expect(await verified(undefined)).toBeUndefined();
  });

  const unavailable = { kind: 'unavailable' };
  const depart = (issuer: string, allowed = rule) => clientOf(allowed).depart(providerAt(issuer), departure);

  test('calls itself otherwise, such as one for many tenants: nobody goes there', async () => {
    for (const name of ['https://evil.example', 'http://127.0.0.1/{tenantid}'])
      await expect(depart(await lying({ metadata: () => ({ issuer: name }) }))).rejects.toMatchObject(
        unavailable,
      );
  });

  test('is one for all tenants of Entra ID, any of which could name people of the others: nobody goes there', async () => {
    const issuer = 'https://login.microsoftonline.com/common/v2.0';
    const metadata = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
    };
    const client = relyingClient({
      fetch: async () => Response.json(metadata),
      isInsecureAllowed: () => false,
      nowMs: Date.now,
    });
    await expect(client.depart(providerAt(issuer), departure)).rejects.toMatchObject({
      kind: 'unavailable',
      detail: 'It calls itself https://login.microsoftonline.com/{tenantid}/v2.0.',
    });
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'http://provider.example/auth', 'nonsense'])(
    'sends browsers to %s: nobody goes there',
    async (endpoint) => {
      const metadata = () => ({ authorization_endpoint: endpoint });
      await expect(depart(await lying({ metadata }))).rejects.toMatchObject(unavailable);
    },
  );

  test('C28: names an address of our own network for tokens: nothing is sent there', async () => {
    const issuer = await lying({ metadata: () => ({ token_endpoint: 'https://169.254.169.254/token' }) });
    await expect(arriveAt(issuer)).rejects.toMatchObject({
      kind: 'unavailable',
      detail: 'Nothing came of asking it: address_forbidden',
    });
    const world = new AddressRule({ allowLoopback: false });
    await expect(depart(issuer, world)).rejects.toMatchObject(unavailable);
  });

  test('C29: sends us elsewhere for what it offers: nobody goes there', async () => {
    let hits = 0;
    const elsewhere = await serve((_request, response) => {
      hits += 1;
      response.end();
    });
    const issuer = await serve((_request, response) =>
      response.writeHead(302, { location: elsewhere }).end(),
    );
    await expect(depart(issuer)).rejects.toMatchObject(unavailable);
    expect(hits).toBe(0);
  });

  test('C48: answers 50 MB: it is left after a quarter of one', async () => {
    let sentBytes = 0;
    const issuer = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 50_000_000 });
      const chunk = Buffer.alloc(65_536, ' ');
      const more = () => {
        while (!response.destroyed && sentBytes < 50_000_000 && response.write(chunk))
          sentBytes += chunk.length;
        sentBytes += chunk.length;
      };
      response.on('drain', more).on('error', () => {});
      more();
    });
    await expect(depart(issuer)).rejects.toMatchObject({
      kind: 'unavailable',
      detail: 'Nothing came of asking it: response_too_large',
    });
    expect(sentBytes).toBeLessThan(8_000_000);
  });

  test('is not there, never answers, or answers what is no JSON: it says so, and is asked again the next time', async () => {
    await expect(depart('http://127.0.0.1:1')).rejects.toMatchObject(unavailable);
    await expect(depart(await serve(() => {}))).rejects.toMatchObject({
      detail: 'Nothing came of asking it: timeout',
    });
    let isUp = false;
    const truth = await lying();
    const issuer = await serve((request, response) => {
      if (!isUp) return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Soon');
      void fetch(`${truth}${request.url}`, { headers: { host: String(request.headers.host) } }).then(
        async (answer) =>
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end((await answer.text()).replaceAll(truth, issuer)),
      );
    });
    const client = clientOf();
    await expect(client.depart(providerAt(issuer), departure)).rejects.toBeInstanceOf(ProviderError);
    isUp = true;
    expect((await client.depart(providerAt(issuer), departure)).origin).toBe(issuer);
  });
});

test('an issuer is an https address of the world, or of this machine where that is allowed', () => {
  const world = new AddressRule({ allowLoopback: false });
  expect(issuerRefusal(world, 'https://provider.example/realms/acme')).toBeUndefined();
  for (const issuer of [
    'http://provider.example',
    'https://127.0.0.1',
    'https://10.0.0.1',
    'https://user:secret@provider.example',
    'https://provider.example:5432',
    'https://provider.example/.well-known/openid-configuration',
    'nonsense',
  ])
    expect(issuerRefusal(world, issuer), issuer).toEqual(expect.any(String));
  expect(issuerRefusal(rule, 'http://127.0.0.1:9000')).toBeUndefined();
  expect(issuerRefusal(rule, 'http://provider.example')).toEqual(expect.any(String));
});
