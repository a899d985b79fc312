import { asOwner } from '@patchbay/adapters/metering/tenants.testing';
import { mountedOperations } from '@patchbay/faces/mounted';
import { createRequestId, toServiceError } from '@patchbay/faces/trpc';
import { createId, type IdPrefix, idPrefixes } from '@patchbay/kit/ids';
import { createTestDatabase, type TestDatabase } from '@patchbay/testing/test-database';
import { forgedRequest } from '@patchbay/testing/wall/forged-request';
import { TRPCError } from '@trpc/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePlatform, type Served, serve, signUp, type Tenant } from './served.testing.ts';

let database: TestDatabase;
let served: Served;
let owner: Tenant;
let customerId: string;
let besideId: string;
let ownSession: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await makePlatform(database.applicationUrl);
  served = serve(database.applicationUrl);
  owner = await signUp(served, 'owner');
  const add = async (name: string) =>
    (
      await served.rest('POST', `/v1/accounts/${owner.accountId}/accounts`, {
        key: owner.key,
        body: { name },
      })
    ).body.id as string;
  [customerId, besideId] = [await add('Customer'), await add('Beside')];
  ownSession = await served.control.signIns.open({ userId: owner.userId, name: 'Owner', address: '' });
}, 120_000);
afterAll(async () => {
  await served.close();
  await database.drop();
});

type Procedure = (input: object) => Promise<unknown>;

/** Calls as the dashboard does, with the session that its cookie names. */
async function call(
  signInSessionId: string,
  procedure: string,
  input: object,
): Promise<{ code?: string; answer?: unknown }> {
  const caller = served.control.router.createCaller({
    evidence: { kind: 'signIn', signInSessionId },
    requestId: createRequestId(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
  }) as unknown as Record<string, Record<string, Procedure>>;
  const [group = '', name = ''] = procedure.split('.');
  try {
    return { answer: await caller[group]?.[name]?.(input) };
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error;
    return { code: toServiceError(error).fields.code };
  }
}

async function startView(): Promise<string> {
  const input = { accountId: customerId, reason: 'Ticket 4711', minutes: 5 };
  const { answer } = await call(ownSession, 'views.start', input);
  return (answer as { id: string }).id;
}

const mutations = mountedOperations.filter(
  ({ operation, group, name }) => operation.method !== 'GET' && `${group}.${name}` !== 'views.end',
);

test('in a view every change is refused, whatever it is, and nothing is written (PRD-3)', async () => {
  const viewId = await startView();
  const ids = {
    applicationId: createId('app'),
    keyId: createId('key'),
    userId: createId('usr'),
    planId: createId('pln'),
  };
  const written = async () =>
    (await asOwner<{ entries: string }>(database.url, 'SELECT count(*) AS entries FROM audit_entry'))[0]
      ?.entries;
  const before = await written();
  const codes = new Map<string, string | undefined>();
  for (const { group, name, operation, mount } of mutations) {
    const request = { ...forgedRequest(operation.request, ids), ...requiredIds(operation.request) };
    const input = { ...request, ...(mount === 'account' ? { accountId: customerId } : {}) };
    codes.set(`${group}.${name}`, (await call(viewId, `${group}.${name}`, input)).code);
  }
  expect(Object.fromEntries(codes)).toEqual(
    Object.fromEntries(mutations.map(({ group, name }) => [`${group}.${name}`, 'auth.view_read_only'])),
  );
  expect(await written()).toBe(before);
});

/** Well-formed ids for what a request has to name. */
function requiredIds(
  request: (typeof mountedOperations)[number]['operation']['request'],
): Record<string, string> {
  const prefixes = Object.keys(idPrefixes) as IdPrefix[];
  return Object.fromEntries(
    Object.entries(request.shape).flatMap(([field, schema]) => {
      const accepts = (value: unknown) =>
        (schema as { safeParse(of: unknown): { success: boolean } }).safeParse(value).success;
      if (accepts(undefined)) return [];
      const prefix = prefixes.find((one) => accepts(createId(one)) && !accepts('free text'));
      return prefix === undefined ? [] : [[field, createId(prefix)]];
    }),
  );
}

test('it sees what the account sees: itself and what is below, nobody above and nobody beside (C25)', async () => {
  const viewId = await startView();
  expect((await call(viewId, 'accounts.get', { accountId: customerId })).answer).toMatchObject({
    ancestors: [],
  });
  for (const accountId of [owner.accountId, besideId])
    expect(await call(viewId, 'accounts.get', { accountId })).toEqual({ code: 'resource.unknown' });
  expect((await call(viewId, 'keys.list', { accountId: customerId })).answer).toMatchObject({ items: [] });
});

test('both sides have the entry, with who and why; nobody below starts one, nor anybody at the account itself', async () => {
  await startView();
  for (const accountId of [owner.accountId, customerId]) {
    const { body } = await served.rest('GET', `/v1/accounts/${accountId}/audit`, { key: owner.key });
    const entry = body.items.find(({ action }: { action: string }) => action === 'views.start');
    expect(entry, accountId).toMatchObject({
      actorId: owner.userId,
      target: customerId,
      after: { reason: 'Ticket 4711' },
    });
  }
  const input = { accountId: owner.accountId, reason: 'Mine' };
  expect(await call(ownSession, 'views.start', input)).toEqual({ code: 'auth.scope' });
});

test('it ends by itself, by who looks, and with the role that it comes from', async () => {
  const seen = async (viewId: string) => (await call(viewId, 'accounts.get', { accountId: customerId })).code;
  const ended = await startView();
  expect((await call(ended, 'views.end', { accountId: customerId, viewId: ended })).answer).toEqual({
    id: ended,
  });
  expect(await seen(ended)).toBe('auth.missing');

  const expired = await startView();
  for (const table of ['account_view', 'sign_in_session'])
    await asOwner(database.url, `UPDATE ${table} SET expires_at = now() WHERE id = $1`, [expired]);
  expect(await seen(expired)).toBe('auth.missing');

  const orphaned = await startView();
  expect(await seen(orphaned)).toBeUndefined();
  await asOwner(database.url, `UPDATE role_grant SET role = 'viewer' WHERE user_id = $1`, [owner.userId]);
  expect(await seen(orphaned)).toBe('resource.unknown');
  await asOwner(database.url, `UPDATE role_grant SET role = 'owner' WHERE user_id = $1`, [owner.userId]);
});
