import { createApiHarness, PARENT_ACCOUNT, SIGN_IN_SESSION } from '@patchbay/testing/api-harness';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { signIn } from './definition.ts';
import { handlers } from './handlers.ts';
import type { SignInPorts } from './ports.ts';

const PASSWORD = 'correct horse';
const CODE = '123456';
const PASSKEY = `psk_${'0'.repeat(29)}`;
const SESSION = `sin_${'0'.repeat(29)}`;
const at = new Date(0);
const registration = {
  id: 'made',
  rawId: 'made',
  type: 'public-key',
  response: { clientDataJSON: 'said', attestationObject: 'made' },
};
const assertion = {
  id: 'made',
  rawId: 'made',
  type: 'public-key',
  response: { clientDataJSON: 'said', authenticatorData: 'seen', signature: 'right', userHandle: 'alice' },
};

interface World {
  readonly isFresh?: boolean;
  readonly isByOrganisation?: boolean;
  readonly mayAddFactor?: boolean;
  readonly hasFactor?: boolean;
  readonly hasPlace?: boolean;
  readonly triesMax?: number;
  readonly linksMax?: number;
}

/** To build the faces takes longer than to ask them: all who ask here ask the same ones, about the world of their test. */
let there: SignInPorts;
const { call } = createApiHarness({
  domainPorts: {
    signIn: {
      get people() {
        return there.people;
      },
      get places() {
        return there.places;
      },
      get proofs() {
        return there.proofs;
      },
      get passkeys() {
        return there.passkeys;
      },
      get factors() {
        return there.factors;
      },
      get signIns() {
        return there.signIns;
      },
    },
  },
  people: { alice: { accountId: PARENT_ACCOUNT, role: 'viewer' } },
  requestsMax: Number.POSITIVE_INFINITY,
});

const askAs = (as: string) => async (method: string, path: string, body?: object) => {
  const { status, body: answer, headers } = await call(method, `/v1/me${path}`, { as, body });
  return { status, code: answer.code, answer, headers };
};

/** Alice, who has a passkey at this host and one at another, in a world where all else is as a test says. */
function world({
  isFresh = true,
  isByOrganisation = false,
  mayAddFactor = true,
  hasFactor = false,
  hasPlace = true,
  triesMax = 100,
  linksMax = 5,
}: World = {}) {
  const done: string[] = [];
  let tries = 0;
  const did = <Value>(what: string, value: Value): Value => {
    done.push(what);
    return value;
  };
  const passkey = { id: PASSKEY, name: 'Laptop', createdAt: at, lastUsedAt: undefined };
  const open = { address: undefined, userAgent: undefined, createdAt: at, lastSeenAt: at };
  const ports: SignInPorts = {
    people: {
      of: async (id) =>
        id === 'sin_over' ? undefined : { userId: 'alice', name: 'Alice', email: 'alice@a.test' },
      rename: async ({ newName }) => did(`is ${newName}`, true),
      isByOrganisation: async () => isByOrganisation,
      mayAddFactor: async () => mayAddFactor,
      isTryAdmitted: async () => ++tries <= triesMax,
      changeEmail: async ({ password, email }) => {
        if (password !== PASSWORD) return undefined;
        if (isByOrganisation) return 'organisation';
        return linksMax > 0 && did(`link to ${email}`, true);
      },
    },
    places: {
      passkeysAt: () => (hasPlace ? { id: 'a.test', origin: 'https://a.test' } : undefined),
      nameAt: async ({ within, userId }) => (within === undefined ? `Brand of ${userId}` : 'Patchbay'),
    },
    proofs: {
      isFresh: async () => isFresh,
      byPassword: async ({ password, code }) => {
        if (isByOrganisation) return 'organisation';
        if (password !== PASSWORD) return 'refused';
        if (!hasFactor || code === CODE) return 'proved';
        return code === undefined ? 'second_factor' : 'refused';
      },
      byPasskey: async ({ response }) => {
        if (isByOrganisation) return 'organisation';
        return response.response.signature === 'right' ? 'proved' : 'refused';
      },
      changePassword: async () => did('password', 'changed'),
    },
    passkeys: {
      list: async () => [
        { ...passkey, host: undefined },
        { ...passkey, host: 'brand.test' },
      ],
      challenge: async () => ({ challenge: 'nonce' }),
      propose: async ({ placeName, email }) => ({
        challenge: 'nonce',
        rp: { name: placeName },
        user: { id: 'alice', name: email, displayName: 'Alice' },
        pubKeyCredParams: [],
      }),
      add: async ({ response, passkeyName }) =>
        response.id === 'made' ? did(`has ${passkeyName}`, PASSKEY) : undefined,
      rename: async ({ id, passkeyName }) => id === PASSKEY && did(`calls it ${passkeyName}`, true),
      remove: async ({ id }) => id === PASSKEY && did('removed', true),
    },
    factors: {
      isOn: async () => hasFactor,
      propose: async () => (hasFactor ? undefined : { secret: 'KEY', uri: 'otpauth://totp/KEY' }),
      confirm: async ({ code }) => (code === CODE ? did('on', ['recovery']) : undefined),
      remove: async ({ code }) => code === CODE && did('off', true),
    },
    signIns: {
      list: async (id) => [
        { ...open, id },
        { ...open, id: SESSION, address: '192.0.2.1', userAgent: 'Browser' },
      ],
      end: async (_own, id) => id === SESSION && did('ended', true),
      signOutOthers: async () => did('others', 2),
      signOutEverywhere: async () => did('everywhere', 3),
    },
  };
  there = ports;
  return {
    done,
    ports,
    ask: askAs('alice'),
    askByKey: askAs(PARENT_ACCOUNT),
  };
}

test('ownProfile.update 200: somebody has another name, whatever their role may do', async () => {
  const { ask, done } = world();
  expect(await ask('PATCH', '', { name: 'Alice B.' })).toMatchObject({
    status: 200,
    answer: { name: 'Alice B.' },
  });
  expect(done).toEqual(['is Alice B.']);
});

test('ownProfile.changeEmail 200: a link goes to the new address', async () => {
  const { ask, done } = world();
  const { answer } = await ask('POST', '/email', { email: 'new@a.test', password: PASSWORD });
  expect([answer, done]).toEqual([{ sentTo: 'new@a.test' }, ['link to new@a.test']]);
});

test('ownProfile.changeEmail 403: not without the password', async () => {
  const refused = await world().ask('POST', '/email', { email: 'new@a.test', password: 'wrong' });
  expect(refused).toMatchObject({ status: 403, code: 'sign-in.proof_refused' });
});

test('ownProfile.changeEmail 409: the address by which an organisation signs somebody in stays', async () => {
  const { ask } = world({ isByOrganisation: true });
  const refused = await ask('POST', '/email', { email: 'new@a.test', password: PASSWORD });
  expect(refused).toMatchObject({ status: 409, code: 'sign-in.by_organisation' });
});

test('ownProfile.changeEmail 429: as many links as may be, and when there may be another', async () => {
  const refused = await world({ linksMax: 0 }).ask('POST', '/email', {
    email: 'n@a.test',
    password: PASSWORD,
  });
  expect(refused).toMatchObject({ status: 429, code: 'sign-in.too_many_links' });
  expect(refused.headers.get('retry-after')).toBe('3600');
});

test('ownProofs.get 200: whether the last proof is fresh', async () => {
  const { answer } = await world({ isFresh: false }).ask('GET', '/proof');
  expect(answer).toEqual({ isFresh: false });
});

test('ownProofs.byPassword 200: the password, and the code where one is asked for', async () => {
  const proof = { password: PASSWORD, code: CODE };
  const { answer } = await world({ hasFactor: true }).ask('POST', '/proof/password', proof);
  expect(answer).toEqual({ isFresh: true });
});

test('ownProofs.byPassword 403: a wrong password, a code that is missing, and a wrong one', async () => {
  const { ask } = world({ hasFactor: true });
  const prove = async (proof: object) => (await ask('POST', '/proof/password', proof)).code;
  expect(await prove({ password: 'wrong' })).toBe('sign-in.proof_refused');
  expect(await prove({ password: PASSWORD })).toBe('sign-in.code_needed');
  expect(await prove({ password: PASSWORD, code: '000000' })).toBe('sign-in.proof_refused');
});

test('ownProofs.byPassword 409: whom an organisation signs in has no password to show', async () => {
  const { ask } = world({ isByOrganisation: true });
  expect(await ask('POST', '/proof/password', { password: PASSWORD })).toMatchObject({
    status: 409,
    code: 'sign-in.by_organisation',
  });
});

test('ownProofs.challenge 200: what a browser needs to sign', async () => {
  expect((await world().ask('POST', '/proof/challenge', {})).answer).toEqual({ challenge: 'nonce' });
});

test('ownProofs.challenge 409: not where browsers make none', async () => {
  const refused = await world({ hasPlace: false }).ask('POST', '/proof/challenge', {});
  expect(refused).toMatchObject({ status: 409, code: 'sign-in.passkeys_unavailable' });
});

test('ownProofs.byPasskey 200: what a passkey answered', async () => {
  const { answer } = await world().ask('POST', '/proof/passkey', { response: assertion });
  expect(answer).toEqual({ isFresh: true });
});

test('ownProofs.byPasskey 403: an answer that is not right', async () => {
  const response = { ...assertion, response: { ...assertion.response, signature: 'wrong' } };
  const refused = await world().ask('POST', '/proof/passkey', { response });
  expect(refused).toMatchObject({ status: 403, code: 'sign-in.proof_refused' });
});

test('ownProofs.byPasskey 409: neither by an organisation nor at a host without passkeys', async () => {
  const prove = async (of: World) =>
    (await world(of).ask('POST', '/proof/passkey', { response: assertion })).code;
  expect(await prove({ isByOrganisation: true })).toBe('sign-in.by_organisation');
  expect(await prove({ hasPlace: false })).toBe('sign-in.passkeys_unavailable');
});

test('ownPassword.change 200: another password', async () => {
  const { ask, done } = world();
  expect(await ask('POST', '/password', { password: 'another horse' })).toMatchObject({ status: 200 });
  expect(done).toEqual(['password']);
});

/** All that signs somebody in from then on. */
const guarded = [
  ['/password', { password: 'another horse' }],
  ['/passkeys/options', {}],
  ['/passkeys', { name: 'Phone', response: registration }],
  ['/second-factor', {}],
  ['/second-factor/confirmation', { code: CODE }],
] as const;

const stale = [
  ['ownPassword.change 403: not without a fresh proof', 0],
  ['ownPasskeys.propose 403: not without a fresh proof', 1],
  ['ownPasskeys.add 403: not without a fresh proof', 2],
  ['ownSecondFactor.propose 403: not without a fresh proof', 3],
  ['ownSecondFactor.confirm 403: not without a fresh proof', 4],
] as const;

test.each(stale)('%s', async (_title, index) => {
  const { ask, done } = world({ isFresh: false });
  const [path, body] = guarded[index];
  expect(await ask('POST', path, body)).toMatchObject({ status: 403, code: 'sign-in.proof_stale' });
  expect(done).toEqual([]);
});

const bound = [
  ['ownPassword.change 409: whom an organisation signs in has none', 0],
  ['ownPasskeys.propose 409: whom an organisation signs in has none', 1],
  ['ownPasskeys.add 409: whom an organisation signs in has none', 2],
  ['ownSecondFactor.propose 409: whom an organisation signs in has none', 3],
  ['ownSecondFactor.confirm 409: whom an organisation signs in has none', 4],
] as const;

test.each(bound)('%s', async (_title, index) => {
  const { ask, done } = world({ isByOrganisation: true });
  const [path, body] = guarded[index];
  expect(await ask('POST', path, body)).toMatchObject({ status: 409, code: 'sign-in.by_organisation' });
  expect(done).toEqual([]);
});

test('nothing but a password is added before the address is proved (PRD-3)', async () => {
  const { ask, done } = world({ mayAddFactor: false });
  for (const [path, body] of guarded.slice(1))
    expect(await ask('POST', path, body), path).toMatchObject({
      status: 409,
      code: 'sign-in.address_unproved',
    });
  expect(done).toEqual([]);
});

test('ownPasskeys.list 200: those of this host, and how many there are at others', async () => {
  const { answer } = await world().ask('GET', '/passkeys');
  const createdAt = at.toISOString();
  expect(answer).toEqual({ items: [{ id: PASSKEY, name: 'Laptop', createdAt }], elsewhereCount: 1 });
});

test('ownPasskeys.propose 200: what a browser needs to make one', async () => {
  const { answer } = await world().ask('POST', '/passkeys/options', {});
  expect(answer).toMatchObject({
    challenge: 'nonce',
    rp: { name: 'Brand of alice' },
    user: { name: 'alice@a.test' },
  });
});

test('ownPasskeys.add 200: what a browser made, under a name', async () => {
  const { ask, done } = world();
  await ask('POST', '/passkeys', { name: 'Phone', response: registration });
  expect(done).toEqual(['has Phone']);
});

test('ownPasskeys.add 422: what answers no challenge', async () => {
  const response = { ...registration, id: 'forged' };
  const refused = await world().ask('POST', '/passkeys', { name: 'Phone', response });
  expect(refused).toMatchObject({ status: 422, code: 'sign-in.passkey_refused' });
});

test('ownPasskeys.rename 200: another name, of one’s own alone', async () => {
  const { ask, done } = world();
  expect(await ask('PATCH', `/passkeys/${PASSKEY}`, { name: 'Desk' })).toMatchObject({ status: 200 });
  const other = PASSKEY.replace(/0$/, '1');
  expect(await ask('PATCH', `/passkeys/${other}`, { name: 'Mine' })).toMatchObject({ status: 404 });
  expect(done).toEqual(['calls it Desk']);
});

test('ownPasskeys.remove 200: one’s own alone', async () => {
  const { ask, done } = world();
  expect(await ask('DELETE', `/passkeys/${PASSKEY}`)).toMatchObject({ status: 200, answer: { id: PASSKEY } });
  expect(await ask('DELETE', `/passkeys/${PASSKEY.replace(/0$/, '1')}`)).toMatchObject({ status: 404 });
  expect(done).toEqual(['removed']);
});

test('ownSecondFactor.get 200: whether it is on, and may be', async () => {
  const { answer } = await world({ hasFactor: true, mayAddFactor: false }).ask('GET', '/second-factor');
  expect(answer).toEqual({ isOn: true, mayAdd: false });
});

test('ownSecondFactor.propose 200: a key for an authenticator, where there is none in use', async () => {
  expect((await world().ask('POST', '/second-factor', {})).answer).toMatchObject({ secret: 'KEY' });
  const refused = await world({ hasFactor: true }).ask('POST', '/second-factor', {});
  expect(refused).toMatchObject({ status: 409, code: 'sign-in.second_factor_on' });
});

test('ownSecondFactor.confirm 200: it is on, and recovery codes are shown once', async () => {
  const { answer } = await world().ask('POST', '/second-factor/confirmation', { code: CODE });
  expect(answer).toEqual({ recoveryCodes: ['recovery'] });
});

test('ownSecondFactor.confirm 422: not by another code', async () => {
  const refused = await world().ask('POST', '/second-factor/confirmation', { code: '000000' });
  expect(refused).toMatchObject({ status: 422, code: 'sign-in.code_refused' });
});

test('ownSecondFactor.remove 200: it is off', async () => {
  const { ask, done } = world();
  await ask('POST', '/second-factor/removal', { code: CODE });
  expect(done).toEqual(['off']);
});

test('ownSecondFactor.remove 422: not by another code', async () => {
  const refused = await world().ask('POST', '/second-factor/removal', { code: '000000' });
  expect(refused).toMatchObject({ status: 422, code: 'sign-in.code_refused' });
});

test('ownSignIns.list 200: where somebody is signed in, and which of them asks', async () => {
  const { answer } = await world().ask('GET', '/sign-ins');
  const seen = answer.items.map(({ id, isThis, address }: Record<string, unknown>) => [id, isThis, address]);
  expect(seen).toEqual([
    [SIGN_IN_SESSION, true, undefined],
    [SESSION, false, '192.0.2.1'],
  ]);
});

test('ownSignIns.end 200: one’s own alone', async () => {
  const { ask, done } = world();
  expect(await ask('DELETE', `/sign-ins/${SESSION}`)).toMatchObject({ status: 200 });
  expect(await ask('DELETE', `/sign-ins/${SESSION.replace(/0$/, '1')}`)).toMatchObject({ status: 404 });
  expect(done).toEqual(['ended']);
});

test('ownSignIns.endAll 200: the others, or all', async () => {
  const { ask, done } = world();
  const end = async (scope: string) => (await ask('POST', '/sign-ins/ends', { scope })).answer.endedCount;
  expect([await end('others'), await end('everywhere'), done]).toEqual([2, 3, ['others', 'everywhere']]);
});

const everything = [
  ['PATCH', '', { name: 'Eve' }],
  ['GET', '/proof'],
  ['GET', '/passkeys'],
  ['DELETE', `/passkeys/${PASSKEY}`],
  ['GET', '/second-factor'],
  ['POST', '/second-factor/removal', { code: CODE }],
  ['GET', '/sign-ins'],
  ['DELETE', `/sign-ins/${SESSION}`],
  ['POST', '/sign-ins/ends', { scope: 'everywhere' }],
  ...guarded.map(([path, body]) => ['POST', path, body] as const),
] as const;

test('a key is nobody, whatever it may do, and is told so (ACC-4)', async () => {
  const { askByKey, done } = world();
  for (const [method, path, body] of everything)
    expect(await askByKey(method, path, body), path).toMatchObject({
      status: 403,
      code: 'auth.person_only',
    });
  expect(done).toEqual([]);
  // Before anybody looks at what it sends.
  expect((await askByKey('POST', '/password', {})).code).toBe('auth.person_only');
  const { ports } = world();
  const actors = [
    { kind: 'key', keyId: 'key_1', accountId: PARENT_ACCOUNT },
    { kind: 'user', userId: 'alice' },
  ] as const;
  for (const actor of actors)
    await expect(
      handlers.ownSignIns.list(
        domainContext<typeof signIn, 'ownSignIns', 'list'>(signIn, { actor }).context,
        {},
        ports,
      ),
    ).rejects.toMatchObject({ fields: { code: 'auth.person_only' } });
});

test('whoever looks as an account does is shown nothing of anybody’s own sign-in (PRD-3)', async () => {
  const { ports, done } = world();
  const viewing = { viewId: 'sin_view', accountId: PARENT_ACCOUNT, untilMs: 0 };
  const actor = { kind: 'user', userId: 'alice', signInSessionId: 'sin_view', viewing } as const;
  const refusal = { fields: { code: 'auth.view_read_only' } };
  await expect(
    handlers.ownSignIns.list(
      domainContext<typeof signIn, 'ownSignIns', 'list'>(signIn, { actor }).context,
      {},
      ports,
    ),
  ).rejects.toMatchObject(refusal);
  await expect(
    handlers.ownPasskeys.list(
      domainContext<typeof signIn, 'ownPasskeys', 'list'>(signIn, { actor }).context,
      {},
      ports,
    ),
  ).rejects.toMatchObject(refusal);
  expect(done).toEqual([]);
});

test('what can be guessed at has as many tries in a minute as a sign-in, and then says when there is another', async () => {
  const guesses = [
    ['/email', { email: 'new@a.test', password: 'wrong' }],
    ['/proof/password', { password: 'wrong' }],
    ['/proof/passkey', { response: assertion }],
    ['/second-factor/confirmation', { code: '000000' }],
    ['/second-factor/removal', { code: '000000' }],
  ] as const;
  for (const [path, body] of guesses) {
    const { ask, done } = world({ triesMax: 1 });
    expect((await ask('POST', path, body)).code, path).not.toBe('limit.exceeded');
    const refused = await ask('POST', path, body);
    expect(refused, path).toMatchObject({ status: 429, code: 'limit.exceeded' });
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(done).toEqual([]);
  }
});
