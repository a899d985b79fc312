import { createId } from '@patchbay/kit/ids';
import { expect, test } from 'vitest';
import { tellOfFailedExport } from './privacy-jobs.ts';

const [accountId, exportId, userId] = [createId('acc'), createId('xpt'), createId('usr')];

async function toldTo(requestedBy: string, isAvailable = true) {
  const sent: { readonly to: string; readonly subject: string; readonly says: readonly string[] }[] = [];
  await tellOfFailedExport({
    mails: { isAvailable, send: async (mail) => void sent.push(mail) },
    people: {
      profileOf: async (id) => (id === userId ? { name: 'Ada', email: 'ada@example.test' } : undefined),
    },
    accounts: { find: async () => ({ name: 'Acme' }) as never },
  })({ accountId, exportId, requestedBy });
  return sent;
}

test('whoever asked for an export that was given up is told by mail, with the place to ask for a new one', async () => {
  expect(await toldTo(userId)).toEqual([
    expect.objectContaining({
      accountId,
      to: 'ada@example.test',
      reader: { userId },
      subject: 'The export of Acme could not be made',
      link: { label: 'Ask for a new one', path: `/accounts/${accountId}/privacy` },
    }),
  ]);
});

test('a key, somebody who is gone, and a platform without mail are told nothing, and nothing fails', async () => {
  expect(await toldTo(createId('key'))).toEqual([]);
  expect(await toldTo(createId('usr'))).toEqual([]);
  expect(await toldTo(userId, false)).toEqual([]);
});
