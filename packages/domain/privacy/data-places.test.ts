import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect, test } from 'vitest';
import { effectivePolicy } from '../policy/effective-policy.ts';
import { account, level } from '../policy/policy.testing.ts';
import { privacy } from './definition.ts';
import { handlers } from './handlers.ts';
import type { PlacePorts, PrivacyPorts } from './ports.ts';

const parentId = createId('acc', 1);
const accountId = createId('acc', 2);
const { context } = domainContext<typeof privacy, 'dataPlaces', 'get'>(privacy, {
  chain: [parentId, accountId],
});

async function placesOf(places: Partial<PlacePorts>) {
  const nodes: PlacePorts['nodes'] = async () => [
    { role: 'signaling', region: 'us' },
    { role: 'relay', region: 'us' },
    { role: 'relay', region: 'eu' },
  ];
  const given = { storageRegions: ['eu'], dataRegions: async () => undefined, nodes, ...places };
  const ports = { places: given } as Partial<PrivacyPorts> as PrivacyPorts;
  const answer = await handlers.dataPlaces.get(context, {}, ports);
  return privacy.resources.dataPlaces.operations.get.response.parse(answer);
}

test('get 200: where the storage and the nodes are, and where each class is besides', async () => {
  const answer = await placesOf({});
  expect(answer).toMatchObject({
    storageRegions: ['eu'],
    nodes: [
      { role: 'relay', region: 'eu', isServing: true },
      { role: 'relay', region: 'us', isServing: true },
      { role: 'signaling', region: 'us', isServing: true },
    ],
  });
  expect(answer).not.toHaveProperty('isKept');
  const elsewhereOf = (name: string) => answer.classes.find(({ dataClass }) => dataClass === name)?.elsewhere;
  expect(elsewhereOf('sessionLogs')).toContain('the node');
  expect(elsewhereOf('auditEntries')).toBeUndefined();
});

test('a region that somebody above locked is told without their name, and nodes elsewhere do not serve (C1)', async () => {
  const { dataRegions } = effectivePolicy([
    level(account(parentId), { values: { dataRegions: ['eu'] }, locked: ['dataRegions'] }),
  ]);
  expect(await placesOf({ dataRegions: async () => dataRegions })).toMatchObject({
    dataRegions: ['eu'],
    dataRegionsLevel: 'above',
    lockedByLevel: 'above',
    isKept: true,
    nodes: [
      { role: 'relay', region: 'eu', isServing: true },
      { role: 'relay', region: 'us', isServing: false },
      { role: 'signaling', region: 'us', isServing: false },
    ],
  });
});

test('what is promised and no longer so is told as it is: after the storage was moved, or nobody declares it', async () => {
  const { dataRegions } = effectivePolicy([level(account(accountId), { values: { dataRegions: ['eu'] } })]);
  for (const storageRegions of [['us'], ['eu', 'us'], []])
    expect(await placesOf({ storageRegions, dataRegions: async () => dataRegions })).toMatchObject({
      dataRegionsLevel: accountId,
      isKept: false,
    });
});
