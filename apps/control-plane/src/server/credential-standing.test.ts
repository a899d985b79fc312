import type { AccountSnapshot, KeySnapshot } from '@patchbay/adapters/prisma/snapshots';
import type { StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import { silent } from '@patchbay/domain/policy/policy-level';
import { createId } from '@patchbay/kit/ids';
import type { Restriction } from '@patchbay/protocol/credential/caveats';
import { mint } from '@patchbay/protocol/credential/credential';
import { expect, test } from 'vitest';
import { credentialStanding } from './credential-standing.ts';

const NOW_MS = 1_800_000_000_000;
const [platformId, accountId, keyId] = [createId('acc', 1), createId('acc', 2), createId('key')];
const chain = [platformId, accountId].map((id) => ({ id, state: 'active' as const }));
const key: KeySnapshot = {
  keyId,
  mode: 'live',
  mintKey: new Uint8Array(32),
  accountId,
  chain,
  state: 'active',
  scopes: ['*'],
};
const minted = (...caveats: readonly Restriction[]) =>
  mint({
    keyId,
    mintKey: key.mintKey,
    caveats: [{ type: 'notAfter', atMs: NOW_MS + 60_000 }, { type: 'identity', identity: 'bob' }, ...caveats],
    randomId: new Uint8Array(12),
  }).username;

const stored = (
  at: string,
  values: StoredPolicy['word']['values'],
  more: Partial<StoredPolicy> = {},
): StoredPolicy => ({ accountId: at, timeZone: 'UTC', by: 'self', word: { ...silent, values }, ...more });

function standingUnder(
  policies: readonly StoredPolicy[],
  visibleIds: readonly string[] = [accountId],
  username = minted(),
) {
  const account: AccountSnapshot = {
    accountId,
    chain,
    state: 'active',
    configs: [],
    endpointConfigs: [],
    policies,
  };
  const { standing } = credentialStanding({
    snapshots: {
      keySnapshot: async () => key,
      accountSnapshot: async () => account,
      applicationSnapshot: async () => undefined,
    },
    credentials: { isRevoked: async () => false },
    consumed: async () => [],
    spent: async () => [],
    nowMs: () => NOW_MS,
  });
  return standing({ accountId, username, visibleIds });
}

test('a credential that no policy stands against is taken', async () => {
  expect(await standingUnder([])).toMatchObject({ name: 'bob', refusal: undefined });
});

test('a service that is turned off above refuses it where no other takes it, and a level that the reader does not see has no name (ACC-10, C1)', async () => {
  const off = (services: readonly string[]) =>
    stored(
      platformId,
      {},
      { by: 'access', word: { ...silent, enabling: { enabled: [], disabled: [...services] } } },
    );
  const partly = await standingUnder([off(['network-discovery'])]);
  expect(partly).toMatchObject({ refusal: undefined, partly: { service: 'network-discovery' } });
  const both = [off(['network-discovery', 'signaling'])];
  expect((await standingUnder(both))?.refusal).toEqual({
    code: 'service.not_enabled',
    detail: 'The service is turned off, as set at account.',
    rule: 'servicesToEnable',
    level: 'account',
  });
  expect((await standingUnder(both, [platformId, accountId]))?.refusal?.level).toContain(platformId);
});

test('a credential for channels alone is judged as signaling judges it, and one for calls as well by what it is asked for calls (PRD-8)', async () => {
  const ofChannels = minted({ type: 'services', services: ['notification'] });
  const saying = (...services: readonly string[]) => [stored(accountId, { services: [...services] })];
  const asked = (services: readonly string[], username?: string) =>
    standingUnder(saying(...services), [accountId], username);
  expect((await asked(['notification'], ofChannels))?.refusal).toBeUndefined();
  expect((await asked(['signaling'], ofChannels))?.refusal).toMatchObject({
    code: 'policy.refused',
    rule: 'services',
  });
  // A client whose credential is for calls is asked for these, and refused for them before anybody thinks of channels.
  expect((await asked(['notification']))?.refusal).toMatchObject({
    code: 'policy.refused',
    rule: 'services',
  });
});

test('hours and services of a policy are judged, at the endpoint of whoever it names as well (POL-4)', async () => {
  const closed = stored(accountId, { times: [] });
  expect((await standingUnder([closed]))?.refusal).toMatchObject({
    code: 'policy.refused',
    level: accountId,
  });
  const none = (endpoint: string) => stored(accountId, { services: [] }, { endpoint });
  expect((await standingUnder([none('user:bob')]))?.refusal).toMatchObject({
    code: 'policy.refused',
    level: 'user:bob',
  });
  expect((await standingUnder([none('user:ann')]))?.refusal).toBeUndefined();
});

test('lists of addresses and numbers of sessions are told with their level, and not judged: where it is used from is not known (ACC-9)', async () => {
  const found = await standingUnder([
    stored(accountId, { clientAllowList: ['192.0.2.0/24'] }, { by: 'access' }),
    stored(accountId, { concurrentSessionsMax: 0 }),
  ]);
  expect(found?.refusal).toBeUndefined();
  expect(found?.known.policy).toEqual(
    expect.arrayContaining([
      { rule: 'clientAllowList', value: ['192.0.2.0/24'], level: accountId },
      { rule: 'concurrentSessionsMax', value: 0, level: accountId },
    ]),
  );
});
