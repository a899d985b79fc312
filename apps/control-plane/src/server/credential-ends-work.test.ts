import type { BusMessage } from '@patchbay/domain/fleet/bus';
import { expect, test } from 'vitest';
import { CredentialEndsWork } from './credential-ends-work.ts';

test('what an event has ended is told to nodes in the transaction in which it ends, or not at all (ACC-7)', async () => {
  const told: (BusMessage | 'begin' | 'commit')[] = [];
  let isBusAway = false;
  const work = new CredentialEndsWork({
    ends: { due: async () => ['crd_1', 'crd_2'] },
    atomically: async (inside) => {
      told.push('begin');
      const result = await inside();
      told.push('commit');
      return result;
    },
    publish: async (message) => {
      if (isBusAway) throw new Error('The bus is away.');
      told.push(message);
    },
    log: { warn: () => undefined },
  });
  await work.runDue();
  expect(told).toEqual([
    'begin',
    { type: 'credential.revoked', prefixId: 'crd_1' },
    { type: 'credential.revoked', prefixId: 'crd_2' },
    'commit',
  ]);
  isBusAway = true;
  told.length = 0;
  await expect(work.runDue()).rejects.toThrow('away');
  expect(told).toEqual(['begin']);
});
