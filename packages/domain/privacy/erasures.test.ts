import type { Access } from '@patchbay/kit/definition';
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import type { HeldRole } from '../tenancy/access.ts';
import { privacy } from './definition.ts';
import { handlers } from './handlers.ts';
import type { ErasureRecord, PrivacyPorts } from './ports.ts';

const [accountId, erasureId] = [createId('acc', 3), createId('ers')];
const record: ErasureRecord = {
  id: erasureId,
  person: 'user:bob',
  state: 'counted',
  createdAt: new Date(0),
  confirmedAt: undefined,
  doneAt: undefined,
  found: { events: 2 },
  erased: {},
  liveCount: 1,
  wordsAboveCount: 2,
};

function portsOf(
  erasures: Partial<PrivacyPorts['erasures']> = {},
  { mayUnmakeOwners = true } = {},
): PrivacyPorts {
  const find: PrivacyPorts['erasures']['find'] = async (asked) =>
    asked.erasureId === erasureId ? record : undefined;
  const scopes = mayUnmakeOwners ? ['*'] : ['erasures:*'];
  const operation = (owner: string, access: Access) => ({
    owner,
    operation: 'update',
    isRead: false,
    access,
  });
  return {
    caller: async () => ({ isOwner: mayUnmakeOwners, maker: { kind: 'key', scopes } }),
    catalogue: [operation('erasures', 'own'), operation('team', 'administer')],
    erasures: {
      rolesOf: async () => [],
      create: async () => record,
      list: async () => ({ items: [record] }),
      find,
      decide: async ({ state }) => ({ ...record, state, confirmedAt: new Date(1_000) }),
      ...erasures,
    } satisfies PrivacyPorts['erasures'],
  } as Partial<Record<keyof PrivacyPorts, unknown>> as PrivacyPorts;
}

const contextFor = () => domainContext<typeof privacy, 'erasures', 'get'>(privacy, { chain: [accountId] });
const written = {
  id: erasureId,
  person: 'user:bob',
  state: 'counted',
  createdAt: '1970-01-01T00:00:00.000Z',
  found: { events: 2 },
  erased: {},
  liveCount: 1,
  wordsAboveCount: 2,
};

describe('erasures', () => {
  test('list 200: what was counted, and receipts', async () => {
    const page = await handlers.erasures.list(contextFor().context as never, { limit: 20 }, portsOf());
    expect(page).toEqual({ items: [written] });
  });

  test('create 200: it is counted first, and the audit log never says of whom', async () => {
    const { context, audited } = contextFor();
    expect(await handlers.erasures.create(context as never, { person: 'user:bob' }, portsOf())).toEqual(
      written,
    );
    expect(audited).toEqual([{ target: erasureId, after: { state: 'counted' } }]);
  });

  test.each([
    ['create 404: nobody of this id is in the team', 'unknown', 'resource.unknown'],
    ['create 409: one that is not over', 'at_work', 'privacy.erasure_at_work'],
    ['the only owner stays', 'last_owner', 'privacy.last_owner'],
  ] as const)('%s', async (_title, outcome, code) => {
    const { context, audited } = contextFor();
    const ports = portsOf({ create: async () => outcome });
    const person = createId('usr');
    await expect(handlers.erasures.create(context as never, { person }, ports)).rejects.toMatchObject({
      fields: { code },
    });
    expect(audited).toEqual([]);
  });

  const ofRole = (...roles: readonly HeldRole[]) => ({ rolesOf: async () => roles });
  const ofOwner = ofRole({ role: 'owner' });
  const asksFor = { person: createId('usr') };
  const noOwner = { mayUnmakeOwners: false };
  const refused = { fields: { code: 'auth.scope' } };

  test('create 403: who is no owner asks for the erasure of no owner (ACC-3)', async () => {
    const { context, audited } = contextFor();
    await expect(
      handlers.erasures.create(context as never, asksFor, portsOf(ofOwner, noOwner)),
    ).rejects.toMatchObject(refused);
    expect(audited).toEqual([]);
    await handlers.erasures.create(context as never, asksFor, portsOf(ofOwner));
    const ofOthers = portsOf({}, noOwner);
    expect(await handlers.erasures.create(context as never, asksFor, ofOthers)).toMatchObject({
      id: erasureId,
    });
  });

  test.each<[string, HeldRole]>([
    ['an admin', { role: 'admin' }],
    ['a role that the account defined', { role: 'custom', scopes: ['team:*'] }],
  ])(
    'create 403: of %s by one who may do less, when it is asked and when it is confirmed (ACC-3)',
    async (_, held) => {
      const { context, audited } = contextFor();
      const weak = portsOf(ofRole({ role: 'custom', scopes: ['erasures:update'] }, held), noOwner);
      const confirm = { erasureId, state: 'running' as const };
      await expect(handlers.erasures.create(context as never, asksFor, weak)).rejects.toMatchObject(refused);
      await expect(handlers.erasures.update(context as never, confirm, weak)).rejects.toMatchObject(refused);
      expect(audited).toEqual([]);
      const ofLess = portsOf(ofRole({ role: 'custom', scopes: ['erasures:update'] }), noOwner);
      expect(await handlers.erasures.create(context as never, asksFor, ofLess)).toMatchObject({
        id: erasureId,
      });
    },
  );

  test('update 403: who is no owner confirms it of no owner, whoever asked for it, and may stop it (ACC-3)', async () => {
    const confirm = { erasureId, state: 'running' as const };
    const cancel = { erasureId, state: 'cancelled' as const };
    const weak = portsOf(ofOwner, noOwner);
    const { context, audited } = contextFor();
    await expect(handlers.erasures.update(context as never, confirm, weak)).rejects.toMatchObject(refused);
    expect(audited).toEqual([]);
    expect(await handlers.erasures.update(context as never, cancel, weak)).toMatchObject({
      state: 'cancelled',
    });
    expect(await handlers.erasures.update(context as never, confirm, portsOf(ofOwner))).toMatchObject({
      state: 'running',
    });
  });

  test('get 200: a receipt names nobody', async () => {
    const done = {
      ...record,
      person: undefined,
      state: 'done' as const,
      doneAt: new Date(2_000),
      erased: { events: 2 },
    };
    const ports = portsOf({ find: async () => done });
    const answer = await handlers.erasures.get(contextFor().context, { erasureId }, ports);
    expect(answer).toMatchObject({
      state: 'done',
      doneAt: '1970-01-01T00:00:02.000Z',
      erased: { events: 2 },
    });
    expect(answer).not.toHaveProperty('person');
  });

  test('update 200: who confirmed it, and what they had been told there is', async () => {
    const { context, audited } = contextFor();
    const answer = await handlers.erasures.update(
      context as never,
      { erasureId, state: 'running' },
      portsOf(),
    );
    expect(answer).toMatchObject({ state: 'running', confirmedAt: '1970-01-01T00:00:01.000Z' });
    expect(audited).toEqual([
      { target: erasureId, before: { state: 'counted' }, after: { state: 'running', found: { events: 2 } } },
    ]);
  });

  test('get 200: what one that is confirmed waits for', async () => {
    const ports = portsOf({ find: async () => ({ ...record, state: 'running', waitsFor: 'another_owner' }) });
    expect(await handlers.erasures.get(contextFor().context, { erasureId }, ports)).toMatchObject({
      waitsFor: 'another_owner',
    });
  });

  test('update 409: what is not counted yet cannot be confirmed', async () => {
    const { context, audited } = contextFor();
    const ports = portsOf({ decide: async () => undefined });
    const work = handlers.erasures.update(context as never, { erasureId, state: 'running' }, ports);
    await expect(work).rejects.toMatchObject({ fields: { code: 'privacy.erasure_not_counted' } });
    expect(audited).toEqual([]);
  });

  test.each([
    ['get 404: ', 'get', {}],
    ['update 404: ', 'update', { state: 'running' as const }],
  ] as const)('%s what there is not, and what is somebody else’s', async (_title, name, more) => {
    const request = { erasureId: createId('ers'), ...more };
    const work = handlers.erasures[name](contextFor().context as never, request as never, portsOf());
    await expect(work).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
  });
});
