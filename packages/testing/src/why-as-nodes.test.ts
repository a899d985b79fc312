import type { KeySnapshot } from '@patchbay/adapters/prisma/snapshots';
import { type Budget, budgetsOf } from '@patchbay/domain/policy/decide';
import { policyChain, type StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import { type PolicyWord, silent } from '@patchbay/domain/policy/policy-level';
import { type SettingName, settingNames, settings } from '@patchbay/domain/policy/settings';
import { expect, test } from 'vitest';
import { credentialStanding } from '../../../apps/control-plane/src/server/credential-standing.ts';
import { resolverBench } from '../../../apps/media-node/src/platform/resolver.testing.ts';

const identity = { type: 'identity', identity: 'bob' } as const;
const services = ['network-discovery', 'signaling', 'notification'] as const;

/** Where `why` cannot know what a node sees: where a client is, and what it runs on. */
type Unseen = readonly (typeof services)[number][];
const seenByAll: Unseen = [];

/** Of every setting, a word that refuses as much as it can. The next setting is a compile error until it stands here. */
const words: Readonly<Record<SettingName, { readonly says: PolicyWord['values']; readonly unseen: Unseen }>> =
  {
    services: { says: { services: [] }, unseen: seenByAll },
    servicesToEnable: { says: { servicesToEnable: [...services] }, unseen: seenByAll },
    features: { says: { features: [] }, unseen: seenByAll },
    regions: { says: { regions: [] }, unseen: services },
    dataRegions: { says: { dataRegions: [] }, unseen: services },
    sourceNetworks: { says: { sourceNetworks: [] }, unseen: services },
    keyAllowList: { says: { keyAllowList: [] }, unseen: seenByAll },
    clientAllowList: { says: { clientAllowList: [] }, unseen: services },
    countries: { says: { countries: [] }, unseen: services },
    deviceKinds: { says: { deviceKinds: [] }, unseen: ['signaling', 'notification'] },
    times: { says: { times: [] }, unseen: seenByAll },
    mediaKinds: { says: { mediaKinds: [] }, unseen: seenByAll },
    codecs: { says: { codecs: [] }, unseen: seenByAll },
    participantsMax: { says: { participantsMax: 1 }, unseen: seenByAll },
    sessionSecondsMax: { says: { sessionSecondsMax: 1 }, unseen: seenByAll },
    bitsPerSecondMax: { says: { bitsPerSecondMax: 8_000 }, unseen: seenByAll },
    burstBytesMax: { says: { burstBytesMax: 1_500 }, unseen: seenByAll },
    // Sessions are counted when one begins: neither judges a credential by them.
    concurrentSessionsMax: { says: { concurrentSessionsMax: 0 }, unseen: seenByAll },
    sessionsPerMinuteMax: { says: { sessionsPerMinuteMax: 0 }, unseen: seenByAll },
    sessionsPerDayMax: { says: { sessionsPerDayMax: 0 }, unseen: seenByAll },
    relayBytesPerHourMax: { says: { relayBytesPerHourMax: 0 }, unseen: seenByAll },
    relayBytesPerDayMax: { says: { relayBytesPerDayMax: 0 }, unseen: seenByAll },
    relayBytesPerMonthMax: { says: { relayBytesPerMonthMax: 0 }, unseen: seenByAll },
    relayBytesTotalMax: { says: { relayBytesTotalMax: 0 }, unseen: seenByAll },
    relaySecondsPerHourMax: { says: { relaySecondsPerHourMax: 0 }, unseen: seenByAll },
    relaySecondsPerDayMax: { says: { relaySecondsPerDayMax: 0 }, unseen: seenByAll },
    relaySecondsPerMonthMax: { says: { relaySecondsPerMonthMax: 0 }, unseen: seenByAll },
    relaySecondsTotalMax: { says: { relaySecondsTotalMax: 0 }, unseen: seenByAll },
    connectedSecondsPerHourMax: { says: { connectedSecondsPerHourMax: 0 }, unseen: seenByAll },
    connectedSecondsPerDayMax: { says: { connectedSecondsPerDayMax: 0 }, unseen: seenByAll },
    connectedSecondsPerMonthMax: { says: { connectedSecondsPerMonthMax: 0 }, unseen: seenByAll },
    connectedSecondsTotalMax: { says: { connectedSecondsTotalMax: 0 }, unseen: seenByAll },
    spendPerDayMax: { says: { spendPerDayMax: 0 } as PolicyWord['values'], unseen: seenByAll },
    spendPerMonthMax: { says: { spendPerMonthMax: 0 } as PolicyWord['values'], unseen: seenByAll },
    spendTotalMax: { says: { spendTotalMax: 0 } as PolicyWord['values'], unseen: seenByAll },
    prepaidBalance: { says: { prepaidBalance: 0 } as PolicyWord['values'], unseen: seenByAll },
  };

/** All that nodes are told to be used up: what counts sessions is not among it. */
const isTold = ({ setting }: Budget) => settings[setting].counts.what !== 'sessions';

test.each(settingNames)(
  'what why says of a credential under a policy of %s is what the node of each service says (PRD-8, POL-4)',
  async (name) => {
    const { says, unseen } = words[name];
    const accountId = 'acc_above';
    const place: StoredPolicy = { accountId, timeZone: 'UTC', by: 'self', word: { ...silent, values: says } };
    const policy = policyChain({ chain: [accountId] }, [place]);
    const spent = budgetsOf(policy)
      .filter(isTold)
      .map(({ setting, scope, max }) => ({ setting, scope, max }));
    const bench = resolverBench({ policy, spent });
    const username = bench.username(identity);
    const chain = [accountId, bench.accountId].map((id) => ({ id, state: 'active' as const }));

    for (const service of services) {
      const key: KeySnapshot = {
        keyId: bench.keyId,
        mode: 'live',
        mintKey: new Uint8Array(32),
        accountId: bench.accountId,
        chain,
        state: 'active',
        scopes: [`${service}:*`],
      };
      const account = {
        chain,
        state: 'active',
        configs: [],
        endpointConfigs: [],
        policies: [place],
      } as const;
      const { standing } = credentialStanding({
        snapshots: {
          keySnapshot: async () => key,
          accountSnapshot: async () => ({ ...account, accountId: bench.accountId }),
          applicationSnapshot: async () => undefined,
        },
        credentials: { isRevoked: async () => false },
        consumed: async () => [],
        spent: async () => spent,
        nowMs: () => bench.nowMs,
      });
      const asked = { accountId: bench.accountId, username, visibleIds: [bench.accountId] };
      const found = await standing(asked);
      const atNode = await bench.outcome(service, username);
      const isUnseen = unseen.includes(service);
      if (isUnseen) expect(atNode).toBe('policy.refused');
      expect(found?.refusal?.code ?? 'ok').toBe(isUnseen ? 'ok' : atNode);
      // What refuses is named; what may refuse stands among what is known.
      if (!isUnseen && atNode !== 'ok') expect(found?.refusal?.rule).toBe(name);
      expect(found?.known.policy.map(({ rule }) => rule)).toContain(name);
    }
  },
);
