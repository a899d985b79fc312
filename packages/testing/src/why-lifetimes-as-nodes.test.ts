import type { AccountSnapshot, KeySnapshot } from '@patchbay/adapters/prisma/snapshots';
import type { StoredConfig } from '@patchbay/domain/policy/config-levels';
import { expect, test } from 'vitest';
import {
  applicationCapsOf,
  credentialCapsOf,
  endpointCapsOf,
} from '../../../apps/control-plane/src/server/credential-caps.ts';
import { credentialStanding } from '../../../apps/control-plane/src/server/credential-standing.ts';
import { type ResolverBench, resolverBench } from '../../../apps/media-node/src/platform/resolver.testing.ts';

const services = ['network-discovery', 'signaling'] as const;
type Service = (typeof services)[number];
const lifetimeOf = {
  'network-discovery': 'credentialTtlSecondsMax',
  signaling: 'tokenTtlSecondsMax',
} as const;
const bob = { type: 'identity', identity: 'bob' } as const;
const endpoint = { endpointId: 'end_bob', identifier: 'user:bob' };

interface Place {
  readonly at?: 'application' | 'endpoint';
  readonly instanceType?: string;
}

/** What is set at a place of an account: a credential lives a minute there. */
function setAt(
  { at, instanceType }: Place,
  of: { readonly accountId: string; readonly applicationId: string },
) {
  return (service: Service) => {
    const { accountId, applicationId } = of;
    const said = { accountId, service, values: { [lifetimeOf[service]]: 60 } };
    const config: StoredConfig =
      at === 'application'
        ? { ...said, applicationId, ...(instanceType === undefined ? {} : { instanceType }) }
        : said;
    return at === 'endpoint'
      ? { configs: [], endpointConfigs: [{ ...said, ...endpoint }] }
      : { configs: [config], endpointConfigs: [] };
  };
}

const applicationOf = ({ applicationId }: ResolverBench) => ({ type: 'application', applicationId }) as const;
/** Of the plain form, which any TURN REST library makes. */
const plain = ({ nowMs, keyId }: ResolverBench) => `${nowMs / 1_000 + 3_600}:${keyId}.bob`;

/** What is held to a minute, and a credential of an hour that is asked about. */
const cases: readonly (readonly [string, Place, (bench: ResolverBench) => string])[] = [
  ['its account', {}, (bench) => bench.username(bob)],
  ['its account, of the plain form', {}, plain],
  [
    'its account, of one for a session',
    {},
    (bench) => bench.username(bob, { type: 'session', session: 'ses_1' }),
  ],
  ['its application', { at: 'application' }, (bench) => bench.username(bob, applicationOf(bench))],
  ['an application that is not its own', { at: 'application' }, (bench) => bench.username(bob)],
  [
    'its instance type',
    { at: 'application', instanceType: 'paid' },
    (bench) => bench.username(bob, applicationOf(bench), { type: 'instanceType', instanceType: 'paid' }),
  ],
  [
    'an instance type that is not its own',
    { at: 'application', instanceType: 'paid' },
    (bench) => bench.username(bob, applicationOf(bench)),
  ],
  ['its endpoint', { at: 'endpoint' }, (bench) => bench.username(bob)],
  ['its endpoint, of the plain form', { at: 'endpoint' }, plain],
  [
    'an endpoint that is not its own',
    { at: 'endpoint' },
    (bench) => bench.username({ type: 'identity', identity: 'ann' }),
  ],
];

/** The nodes where that holds of a service, and what why says. */
function benchWhere(place: Place, service: Service) {
  const of = { accountId: 'acc_any', applicationId: 'app_any' };
  const any = setAt(place, of)(service);
  const chain = [of.accountId];
  const { caps, capsByInstanceType } = applicationCapsOf(
    { chain, applicationId: of.applicationId, instanceTypes: ['paid'] },
    any.configs,
  );
  const bench = resolverBench({
    caps: credentialCapsOf({ chain }, any.configs),
    applicationCaps: caps,
    ...(capsByInstanceType.paid === undefined ? {} : { paidCaps: capsByInstanceType.paid }),
    capsByEndpoint: endpointCapsOf(chain, any.configs, any.endpointConfigs),
  });
  const { accountId, applicationId, keyId, nowMs } = bench;
  const { configs, endpointConfigs } = setAt(place, bench)(service);
  const account: Omit<AccountSnapshot, 'endpointConfigs'> = {
    ...{ accountId, chain: [{ id: accountId, state: 'active' }], state: 'active', policies: [] },
    configs: configs.filter((config) => config.applicationId === undefined),
  };
  // A key that mints for one service alone: what nodes of the other would say is no matter.
  const key: KeySnapshot = {
    ...{ keyId, accountId, chain: account.chain, state: 'active', mode: 'live' },
    ...{ mintKey: new Uint8Array(32), scopes: [`${service}:*`] },
  };
  const { standing } = credentialStanding({
    snapshots: {
      keySnapshot: async () => key,
      accountSnapshot: async () => ({ ...account, endpointConfigs }),
      applicationSnapshot: async () => ({ ...account, applicationId, instanceTypes: ['paid'], configs }),
    },
    credentials: { isRevoked: async () => false },
    consumed: async () => [],
    spent: async () => [],
    nowMs: () => nowMs,
  });
  const why = async (username: string) =>
    (await standing({ accountId, username, visibleIds: [accountId] }))?.refusal?.code ?? 'ok';
  return { bench, why };
}

test.each(cases)(
  'what why says of a credential of an hour is what nodes say, where a minute holds for %s (PRD-8, ACC-7)',
  async (_, place, usernameOf) => {
    for (const service of services) {
      const { bench, why } = benchWhere(place, service);
      const username = usernameOf(bench);
      expect(await why(username)).toBe(await bench.outcome(service, username));
    }
  },
);

test('where a minute holds, why says so of whom it holds for, and of nobody else', async () => {
  const told = await Promise.all(
    cases.map(async ([name, place, usernameOf]) => {
      const { bench, why } = benchWhere(place, 'network-discovery');
      return [name, await why(usernameOf(bench))] as const;
    }),
  );
  const namesWith = (code: string) => told.flatMap(([name, said]) => (said === code ? [name] : []));
  expect(namesWith('ok')).toEqual([
    'its account, of one for a session',
    'an application that is not its own',
    'an instance type that is not its own',
    'an endpoint that is not its own',
  ]);
  expect(namesWith('credential.lifetime_too_long')).toHaveLength(6);
});
