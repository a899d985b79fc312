import type { FleetStore, NodeRecord } from '@patchbay/adapters/prisma/fleet-store';
import { silent } from '@patchbay/domain/policy/policy-level';
import { expect, test } from 'vitest';
import { dataPlaces, signalUrlIn } from './data-places.ts';
import { readEnv } from './env.ts';

const node = (region: string, change: Partial<NodeRecord> = {}): NodeRecord => ({
  id: `nod_${region}`,
  name: region,
  roles: ['signaling'],
  region,
  publicKey: new Uint8Array(32),
  boot: 1,
  urls: { signal: [`wss://${region}.test`] },
  load: {},
  state: 'live',
  lastHeartbeatAt: new Date(),
  ...change,
});
const nodes = [
  node('us'),
  node('eu', { roles: ['signaling', 'jobs'] }),
  node('ap', { roles: ['jobs'], state: 'removed' }),
];
const fleet: Pick<FleetStore, 'live' | 'list' | 'serving'> = {
  live: async ({ role }) => nodes.filter(({ roles }) => roles.includes(role)),
  list: async () => nodes,
  serving: async () => [...nodes.slice(0, 2), node('eu', { id: 'nod_2' })],
};
const places = dataPlaces({
  env: { PATCHBAY_STORAGE_REGIONS: ['eu'] },
  fleet,
  chainOf: async (accountId) => [{ id: 'acc_0' }, { id: accountId }],
  policies: {
    chain: async ({ accountId }) => [
      {
        accountId: 'acc_0',
        timeZone: 'UTC',
        by: 'self',
        word: { ...silent, values: { regions: ['eu', 'us'] } },
      },
      {
        accountId,
        timeZone: 'UTC',
        by: 'above',
        setById: 'acc_0',
        word: { ...silent, values: { dataRegions: ['eu'] } },
      },
    ],
  },
});

test('a browser is sent to signaling of a region that may serve, or nowhere (PRD-4)', async () => {
  expect(await signalUrlIn(fleet, undefined)).toBe('wss://us.test');
  expect(await signalUrlIn(fleet, ['ap', 'eu'])).toBe('wss://eu.test');
  expect(await signalUrlIn(fleet, ['ap'])).toBeUndefined();
});

test('an account is told of nodes by what holds at it, and a promise is made of those that are there', async () => {
  expect(await places.servingRegions('acc_1')).toEqual(['eu']);
  expect(await places.promised()).toEqual({ storageRegions: ['eu'], workerRegions: ['eu'] });
  expect((await places.placed.dataRegions({ accountId: 'acc_1', chain: ['acc_0', 'acc_1'] }))?.value).toEqual(
    ['eu'],
  );
  expect(await places.placed.nodes()).toEqual([
    { role: 'signaling', region: 'us' },
    { role: 'signaling', region: 'eu' },
    { role: 'jobs', region: 'eu' },
  ]);
});

test('a control plane in a region that is not declared does not start: its memory and its disk are storage, too', () => {
  const declared = (regions: string) =>
    readEnv({
      DATABASE_URL: 'postgresql://localhost/patchbay',
      PATCHBAY_MASTER_KEY: 'k',
      PATCHBAY_URL: 'https://patchbay.test',
      PATCHBAY_REGION: 'eu',
      PATCHBAY_STORAGE_REGIONS: regions,
    }).PATCHBAY_STORAGE_REGIONS;
  expect(declared('')).toEqual([]);
  expect(declared('eu-copy,eu')).toEqual(['eu', 'eu-copy']);
  expect(() => declared('us')).toThrow('PATCHBAY_STORAGE_REGIONS: must name PATCHBAY_REGION');
  expect(() => declared('eu, us')).toThrow('PATCHBAY_STORAGE_REGIONS');
});
