import { acceptInvitation } from '@patchbay/adapters/prisma/set-up-links';
import { viewOf } from '@patchbay/adapters/prisma/view-store';
import type { Actor } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTenancyHarness, type Owner, refusal, type TenancyHarness } from './tenancy.testing.ts';

let harness: TenancyHarness;
let database: TenancyHarness['database'];
let owner: Owner;
let call: Owner['call'];
let customerId: string;

beforeAll(async () => {
  harness = await createTenancyHarness();
  database = harness.database;
}, 120_000);
afterAll(() => database.close());
beforeEach(async () => {
  owner = await harness.signUp('Acme');
  call = owner.call;
  customerId = await database.addChild(owner.accountId, 'Customer');
});

const start = (as?: Actor) =>
  call('views', 'start', { as, at: customerId, request: { reason: 'Ticket 4711', minutes: 10 } });

test('views.start 200: a session of its own for a time, and both sides are told who looks and why (C12, C25)', async () => {
  // The clock of the harness stands still; the database ends it by its own.
  const { answer, audited, events } = await start();
  expect(answer).toMatchObject({ accountId: customerId, id: expect.stringMatching(/^sin_/) });
  expect(await viewOf(database.prisma, answer.id)).toEqual({
    viewId: answer.id,
    accountId: customerId,
    untilMs: Date.parse(answer.until),
  });
  const after = { accountId: customerId, reason: 'Ticket 4711', until: answer.until };
  expect(audited).toEqual([
    { target: customerId, after },
    { accountId: owner.accountId, target: customerId, after },
  ]);
  const { id: viewId, until } = answer;
  expect(events).toEqual([{ event: 'view.started', payload: { viewId, until } }]);
});

test('views.start 403: a key does not look, for nobody could be named', async () => {
  const { actor } = await owner.createKey(['*']);
  await expect(start(actor)).rejects.toMatchObject(refusal(403, 'auth.scope'));
});

test('a view holds what its holder may do from above, as if it were given at the account, and ends with that (C25)', async () => {
  const held = (userId: string) => database.ports.people.grantsOf(userId, customerId);
  expect(await held(owner.userId)).toMatchObject([
    { accountId: customerId, accountName: 'Customer', role: 'owner' },
  ]);
  const stranger = await harness.signUp('Stranger');
  expect(await held(stranger.userId)).toEqual([]);
  // A role at the account itself is none above it; and one above that may not look gives no view.
  const add = (email: string, role: string, at: string) =>
    call('team', 'add', { at, request: { email, name: 'Somebody', role } });
  const viewer = await add('viewer@acme.example', 'viewer', owner.accountId);
  const own = await add('own@customer.example', 'owner', customerId);
  for (const { answer } of [viewer, own]) {
    const token = answer.setUpPath?.replace('/set-up/', '') ?? '';
    await acceptInvitation(database.prisma, { token, userId: answer.userId });
    await database.proveAddress(answer);
    expect(await held(answer.userId)).toEqual([]);
  }
});

test('in a view, me.get says so, and names the account alone', async () => {
  const viewing = { viewId: createId('sin'), accountId: customerId, untilMs: Date.now() + 60_000 };
  const as: Actor = { kind: 'user', userId: owner.userId, viewing };
  const { answer } = await call('me', 'get', { as });
  expect(answer).toMatchObject({
    accounts: [{ id: customerId, name: 'Customer', role: 'owner' }],
    organisations: [],
    view: { id: viewing.viewId, accountId: customerId },
  });
  const seen = (await call('accounts', 'get', { as, at: customerId })).answer;
  expect([seen.parentId, seen.ancestors]).toEqual([undefined, []]);
});

test('views.end 200: at once, by who looks', async () => {
  const { answer } = await start();
  const ended = await call('views', 'end', { at: customerId, request: { viewId: answer.id } });
  expect(ended.answer).toEqual({ id: answer.id });
  expect(ended.events).toEqual([{ event: 'view.ended', payload: { viewId: answer.id } }]);
  expect(await viewOf(database.prisma, answer.id)).toBeUndefined();
});

test('views.end 404: one that is over, or somebody else’s', async () => {
  const unknown = refusal(404, 'resource.unknown');
  const { answer } = await start();
  const end = (as?: Actor) => call('views', 'end', { as, at: customerId, request: { viewId: answer.id } });
  const other = await harness.signUp('Other');
  await expect(end(other.asOwner)).rejects.toMatchObject(unknown);
  await end();
  await expect(end()).rejects.toMatchObject(unknown);
});
