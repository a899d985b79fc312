import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { describe, expect, test } from 'vitest';
import { audit } from './definition.ts';
import { handlers } from './handlers.ts';
import type { AuditRecord } from './ports.ts';
import { told } from './told.ts';

const accountId = createId('acc');
const record: AuditRecord = {
  id: createId('aud'),
  at: new Date('2026-11-24T12:00:00.000Z'),
  accountId,
  actorId: 'usr_1',
  actorName: 'Alice',
  address: '192.0.2.7',
  key: { name: 'Deploy', display: 'pb_live_ab12' },
  action: 'accounts.update',
  target: accountId,
  actorAccountId: accountId,
  isActorKnown: true,
  accountPath: ['acc_platform', 'acc_parent', accountId],
  requestId: 'req_1',
  before: { name: 'A' },
  after: null,
};

const never = async (): Promise<never> => {
  throw new Error('It was not asked for.');
};

test('audit.list 200: who changed what, from what, to what; what is not there is left out (ACC-8)', async () => {
  const { context } = domainContext<typeof audit, 'audit', 'list'>(audit, { chain: [accountId] });
  const asked: unknown[] = [];
  const entries = {
    list: async (page: unknown) => {
      asked.push(page);
      return { items: [record], nextCursor: record.id };
    },
  };
  const request = audit.resources.audit.operations.list.request.parse({
    scope: 'descendants',
    action: 'keys',
    from: '2026-11-01T00:00:00.000Z',
  });
  const page = await handlers.audit.list(context, request, { entries: { ...entries, verify: never } });
  const filter = { visibleIds: [], action: 'keys', from: new Date('2026-11-01T00:00:00.000Z') };
  expect(asked).toEqual([{ accountId, cursor: undefined, limit: 20, scope: 'descendants', filter }]);
  expect(page.items[0]).toMatchObject({ at: '2026-11-24T12:00:00.000Z', before: { name: 'A' } });
  expect(page.items[0]).not.toHaveProperty('after');
  expect(page.items[0]).toMatchObject({ address: '192.0.2.7', key: { display: 'pb_live_ab12' } });
  expect(audit.resources.audit.operations.list.response.safeParse(page).success).toBe(true);
});

test.each([
  [undefined, { state: 'whole' }],
  [2, { state: 'broken', brokenAt: 2 }],
])(
  'audit.verify 200: a chain that breaks at %s, of the account of the path alone (C53)',
  async (brokenAt, said) => {
    const { context } = domainContext<typeof audit, 'audit', 'verify'>(audit, { chain: [accountId] });
    const asked: string[] = [];
    const verify = async (id: string) => {
      asked.push(id);
      return { entryCount: 3, brokenAt };
    };
    const answer = await handlers.audit.verify(context, {}, { entries: { list: never, verify } });
    expect(answer).toEqual({ at: new Date(context.nowMs()).toISOString(), entryCount: 3, ...said });
    expect(asked).toEqual([accountId]);
  },
);

describe('an entry as somebody reads it who does not see the accounts above (PRD-2, C1)', () => {
  const byParent = {
    ...record,
    actorId: 'key_parent',
    actorName: 'Parent Ltd',
    actorAccountId: 'acc_parent',
    before: { parentId: 'acc_parent', name: 'A' },
  };

  test('whoever acts from above has no name, address or key, and no account above is named', () => {
    const shown = told(byParent, [accountId]);
    expect(shown).toMatchObject({ actorId: 'above', actorName: 'an account above', after: null });
    expect(shown).toMatchObject({ address: null, key: null });
    expect(JSON.stringify({ ...shown, accountPath: [], actorAccountId: '' })).not.toMatch(/parent\b|Parent/);
    expect(shown.before).toEqual({ parentId: 'an account above', name: 'A' });
  });

  test('whoever sees the account that acted is told who did', () => {
    expect(told(byParent, ['acc_parent', accountId])).toEqual(byParent);
    expect(told(record, [accountId])).toMatchObject({ actorName: 'Alice' });
  });

  test('what stood above before a move stays hidden, and so does whom an old entry does not place', () => {
    const before = { ...byParent, accountPath: ['acc_platform', 'acc_parent', 'acc_gone', accountId] };
    // How deep an account stands tells how many are above it (PRD-2).
    const placed = { ...record, before: { name: 'A', depth: 3 }, after: { depth: 4 } };
    expect(told(placed, [accountId])).toMatchObject({ before: { name: 'A' }, after: {} });
    expect(JSON.stringify(told(placed, [accountId]))).not.toContain('depth');
    expect(told({ ...before, actorAccountId: 'acc_gone' }, [accountId]).actorName).toBe('an account above');
    const old = { ...byParent, actorAccountId: null };
    expect(told({ ...old, isActorKnown: false }, [accountId]).actorName).toBe('an account above');
    expect(told({ ...old, isActorKnown: true }, [accountId]).actorName).toBe('Parent Ltd');
  });

  test('a plan of an account above has no name and no id, be its owner written down or not; one that is seen has both', () => {
    const plan = { planId: 'pln_1', name: 'Secret', ownerId: 'acc_parent' };
    const given = { ...byParent, target: `${accountId}/plan`, before: {}, after: plan };
    expect(told(given, [accountId])).toMatchObject({ before: {}, after: { ownerId: 'an account above' } });
    const { ownerId: _, ...ofBefore } = plan;
    for (const after of [plan, ofBefore])
      expect(JSON.stringify(told({ ...given, before: after, after }, [accountId]))).not.toMatch(
        /pln_1|Secret/,
      );
    const own = { ...plan, ownerId: accountId };
    expect(told({ ...given, after: own }, [accountId]).after).toEqual(own);
    expect(told(given, ['acc_parent', accountId]).after).toEqual(plan);
  });

  test('of words that were taken back those of accounts above are one, so that nobody counts them', () => {
    const off = { state: 'disabled', uses: ['audio'] };
    const words = [off, { from: 'acc_platform', ...off }, { from: 'acc_parent', ...off, uses: ['video'] }];
    const lifted = { ...byParent, before: { lifted: words } };
    expect(told(lifted, [accountId]).before).toEqual({
      lifted: [off, { from: 'an account above', state: 'disabled' }],
    });
    expect(told(lifted, ['acc_parent', accountId]).before).toEqual({
      lifted: [off, { from: 'an account above', state: 'disabled' }, words[2]],
    });
  });

  test('no firing leads to a trigger from above that is not shown', () => {
    const fired = { ...byParent, actorId: 'trg_1', after: { state: 'suspended', firingId: 'fir_1' } };
    expect(told(fired, [accountId]).after).toEqual({ state: 'suspended' });
    // The trigger of somebody who is seen, or one that is shown, does.
    expect(told({ ...fired, actorAccountId: accountId }, [accountId]).after).toEqual(fired.after);
    expect(told(fired, ['acc_parent', accountId]).after).toEqual(fired.after);
  });
});
