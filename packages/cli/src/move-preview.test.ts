import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import { type MovePreview, previewRows } from './move-preview.ts';

const acc = () => createId('acc') as MovePreview['accountId'];
const [oldId, newId, accountId] = [acc(), acc(), acc()];

const preview: MovePreview = {
  accountId,
  from: { id: oldId, name: 'Old' },
  to: { id: newId, name: 'New' },
  startsAt: '2026-11-29T20:01:00.000Z',
  accountCount: 2,
  liveSessionCount: 3,
  prices: [
    {
      service: 'network-discovery',
      meter: 'bytes',
      unit: 'byte',
      where: {},
      currency: 'EUR',
      before: [],
      after: [
        {
          buyerId: accountId,
          buyerName: 'Customer',
          sellerId: newId,
          sellerName: 'New',
          amount: '7',
          per: '1',
          hasTerms: false,
          origin: 'default',
        },
      ],
    },
  ],
  policy: [{ setting: 'regions', before: { value: ['eu'], level: 'account', accountId: oldId } }],
  configuration: [],
  brand: { before: 'Umbrella', after: 'Newbird' },
  plans: [],
  heldAbove: false,
  words: [{ accountId: oldId, setById: newId }],
  resumed: [{ accountId, name: 'Customer' }],
  limits: [{ accountId, per: 'month', action: 'stop', amount: '5', currency: 'EUR' }],
  people: [
    {
      userId: createId('usr') as MovePreview['people'][number]['userId'],
      name: 'Ada',
      email: 'ada@old.test',
      accountId: oldId,
      role: 'admin',
      change: 'ends',
    },
  ],
  triggers: [],
  webhooks: [],
  withheld: ['plans'],
  counts: { people: 1, triggers: 0, webhooks: 0, keysBeginning: 0, keysEnding: 4 },
};

test('a preview is lines of what is and what would be: free, gone and unsaid are said as such', () => {
  const rows = Object.fromEntries(
    previewRows(preview).map(({ what, before, after }) => [what, [before, after]]),
  );
  expect(rows).toEqual({
    'brand that its people see': ['Umbrella', 'Newbird'],
    [`state of Customer ${accountId}`]: ['suspended', 'active'],
    [`spending limit of ${accountId}`]: ['0.000000005 EUR per month, stop', '–'],
    below: [`Old ${oldId}`, `New ${newId}`],
    'usage counts and is paid': ['until 2026-11-29T20:01:00.000Z', 'from 2026-11-29T20:01:00.000Z'],
    'accounts that move': ['2', '2'],
    'live sessions that go on': ['3', '3'],
    'keys of levels above that reach it': ['4', '0'],
    'price of network-discovery.bytes': ['free', 'Customer → New 0.000000007 EUR per 1'],
    'policy regions': [`["eu"] (account ${oldId})`, '–'],
    [`settings of ${oldId}`]: [`as set by ${newId}`, '–'],
    person: ['Ada <ada@old.test> admin', '–'],
    'plans: not yours to read': ['–', '–'],
  });
});

test('a preview that is held above says so first', () => {
  const [first] = previewRows({ ...preview, heldAbove: true });
  expect(first?.what).toBe('not yours to move: an account above yours has said something here');
});
