import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { audit } from './definition.ts';
import { handlers } from './handlers.ts';
import type { AuditRecord } from './ports.ts';

const accountId = createId('acc');
const record: AuditRecord = {
  id: createId('aud'),
  at: new Date('2026-11-24T12:00:00.000Z'),
  accountId,
  actorId: 'usr_1',
  actorName: 'Alice',
  action: 'accounts.update',
  target: accountId,
  requestId: 'req_1',
  before: { name: 'A' },
  after: null,
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
  const request = audit.resources.audit.operations.list.request.parse({ scope: 'descendants' });
  const page = await handlers.audit.list(context, request, { entries });
  expect(asked).toEqual([{ accountId, cursor: undefined, limit: 20, scope: 'descendants' }]);
  expect(page.items[0]).toMatchObject({ at: '2026-11-24T12:00:00.000Z', before: { name: 'A' } });
  expect(page.items[0]).not.toHaveProperty('after');
  expect(audit.resources.audit.operations.list.response.safeParse(page).success).toBe(true);
});
