import { budgetsOf, decide, type PolicyRefusal, type PolicyRequest } from '@patchbay/domain/policy/decide';
import { type EffectivePolicy, effectivePolicy } from '@patchbay/domain/policy/effective-policy';
import { anyRequest, anyWord } from '@patchbay/domain/policy/policy.testing';
import { policyChain, type StoredPolicy } from '@patchbay/domain/policy/policy-chain';
import { levelText, type PolicyLevel } from '@patchbay/domain/policy/policy-level';
import { replay } from '@patchbay/domain/policy/replay';
import { settingOf, settings } from '@patchbay/domain/policy/settings';
import { accountLevels, applicationLevels } from '@patchbay/domain/policy/snapshot-levels';
import type { DeviceKind } from '@patchbay/kit/device-kind';
import type { KeyId } from '@patchbay/kit/ids';
import type { Effective } from '@patchbay/protocol/credential/effective';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideCredential, type HeldPolicy } from './credential-policy.ts';
import type { AccountSnapshot, ApplicationSnapshot } from './snapshots.ts';

type Place = Omit<StoredPolicy, 'word' | 'timeZone'>;

/** Where anything can be set along a chain of so many accounts, the platform's the first. */
function placesOf(chain: readonly string[]): readonly Place[] {
  const own = chain.at(-1) ?? '';
  return [
    ...chain.flatMap((accountId, depth): readonly Place[] => [
      // Of each account above a word and a plan of its own, and of one that is not above any more.
      ...[...chain.slice(0, depth), 'acc_left'].flatMap((setById): readonly Place[] => [
        { accountId, by: 'plan', planId: `pln_${depth}_${setById}`, setById },
        { accountId, by: 'above', setById },
      ]),
      { accountId, by: 'self' },
      ...[...chain.slice(0, depth), 'acc_left'].map(
        (setById): Place => ({ accountId, by: 'access', setById }),
      ),
      { accountId, by: 'access' },
      ...saidOf(chain, { accountId, region: 'eu' }),
      ...saidOf(chain, { accountId, region: 'us' }),
    ]),
    ...saidOf(chain, { accountId: own, applicationId: 'app_1' }),
    ...saidOf(chain, { accountId: own, applicationId: 'app_1', instanceType: 'free' }),
    ...saidOf(chain, { accountId: own, applicationId: 'app_1', instanceType: 'paid' }),
    ...saidOf(chain, { accountId: own, endpoint: 'user:bob' }),
    ...saidOf(chain, { accountId: own, endpoint: 'user:eve' }),
  ];
}

/** At one place of an account a word of each above it, of one that is not above any more, and its own. */
const saidOf = (chain: readonly string[], place: Omit<Place, 'by'>): readonly Place[] => [
  ...[...chain.slice(0, chain.indexOf(place.accountId)), 'acc_left'].map(
    (setById): Place => ({ ...place, by: 'above', setById }),
  ),
  { ...place, by: 'self' },
];

const relayIpv6 = 'network-discovery.relay-ipv6';
const zones = ['UTC', 'Europe/Berlin', 'Asia/Tokyo'];

/** An account chain of one to eight accounts, with policies at random places of it, each once. */
const anyAccounts = fc
  .record({
    depth: fc.integer({ min: 0, max: 7 }),
    said: fc.array(fc.tuple(fc.nat({ max: 10_000 }), anyWord), { maxLength: 8 }),
  })
  .map(({ depth, said }) => {
    const chain = Array.from({ length: depth + 1 }, (_, index) => `acc_${index}`);
    const places = placesOf(chain);
    const stored = new Map<number, StoredPolicy>();
    for (const [drawn, word] of said) {
      const place = places[drawn % places.length];
      if (place === undefined) continue;
      stored.set(drawn % places.length, { ...place, timeZone: zones[drawn % zones.length] ?? 'UTC', word });
    }
    return { chain, stored: [...stored.values()] };
  });

const anyCredential = fc.record({
  application: fc.constantFrom(undefined, 'app_1'),
  instanceType: fc.constantFrom(undefined, 'free', 'paid', 'constructor'),
  identity: fc.constantFrom(undefined, 'bob', 'ann'),
  services: fc.option(fc.subarray(['network-discovery', 'signaling']), { nil: undefined }),
  regions: fc.option(fc.subarray(['eu', 'us', 'ap']), { nil: undefined }),
  features: fc.option(fc.subarray(['network-discovery.relay', relayIpv6, 'signaling.place-calls']), {
    nil: undefined,
  }),
  countries: fc.option(fc.subarray(['DE', 'FR', 'ZZ']), { nil: undefined }),
  deviceKinds: fc.option(fc.subarray<DeviceKind>(['desktop', 'mobile', 'other']), { nil: undefined }),
  session: fc.constantFrom(undefined, 'ses_1'),
});

const caveatSettings = ['services', 'features', 'regions', 'countries', 'deviceKinds'] as const;
type CaveatSetting = (typeof caveatSettings)[number];

/** What the control plane makes of a credential's own words: the last level of its chain (POL-1). */
function levelOfCredential(accountId: string, caveats: Pick<Effective, CaveatSetting>) {
  const said = caveatSettings.flatMap((name) => {
    const value = caveats[name];
    return value === undefined ? [] : [[name, [...value]] as const];
  });
  const values = Object.fromEntries(said);
  const origin = { level: 'credential', accountId, credentialId: 'crd_1' } as const;
  return Object.keys(values).length === 0
    ? []
    : [{ origin, timeZone: 'UTC', values, locked: [], overridable: {} } satisfies PolicyLevel];
}

/** What a session is held to, by either's own words: the explanation of a policy, or what a node makes of it. */
function heldBy(held: EffectivePolicy | HeldPolicy): string {
  const heldValue = (setting: unknown) =>
    typeof setting === 'object' && setting !== null && 'value' in setting ? setting.value : setting;
  const lists =
    'isCounted' in held
      ? [held.media, held.codecs, held.features].map((list) => list?.allowed)
      : [held.mediaKinds, held.codecs, held.features].map(heldValue);
  const participantsMax = 'isCounted' in held ? held.participants?.max : heldValue(held.participantsMax);
  const { sessionSecondsMax, bitsPerSecondMax, burstBytesMax } = held;
  return JSON.stringify([
    lists,
    participantsMax,
    ...[sessionSecondsMax, bitsPerSecondMax, burstBytesMax].map(heldValue),
    networksOf(held),
  ]);
}

/** A relay holds each client's address against the last step of each of these. */
function networksOf(held: EffectivePolicy | HeldPolicy): readonly unknown[] {
  if ('isCounted' in held)
    return (held.sourceRules ?? []).flatMap(({ steps }) => {
      const last = steps.at(-1);
      return last === undefined ? [] : ['networks' in last ? last.networks : last.countries];
    });
  const { sourceNetworks, clientAllowList, countries } = held;
  return [sourceNetworks, clientAllowList, countries].flatMap((setting) =>
    setting === undefined ? [] : [setting.value],
  );
}

const anyUse = fc.record({ credential: anyCredential, request: anyRequest, drawn: fc.nat() });

const countsSessions = ({ setting }: PolicyRefusal) => {
  const counted = settingOf(setting);
  return counted.merge === 'narrowest' && counted.counts?.what === 'sessions';
};

const isUsedUp = ({ code }: PolicyRefusal) => code === 'limit.exceeded' || code === 'balance.used_up';

test('of ten thousand random account chains with random policies a node decides as the control plane does, each from its own data (POL-2, POL-4)', () => {
  const counts = { allowed: 0, refused: 0, spent: 0, replayed: 0, withheld: 0 };
  fc.assert(
    fc.property(anyAccounts, anyUse, ({ chain, stored }, { credential, request, drawn }) => {
      const { application: applicationId, instanceType, identity, session } = credential;
      const caveats = Object.fromEntries(
        caveatSettings.flatMap((name) => {
          const value = credential[name];
          return value === undefined ? [] : [[name, value] as const];
        }),
      );
      const accountId = chain.at(-1) ?? '';
      const region = request.region ?? 'eu';
      const verifier = request.verifier === 'relay' ? 'relay' : 'signaling';
      const endpoint = identity === undefined ? undefined : `user:${identity}`;

      // The control plane: what is stored, of whoever acts.
      const subject = { chain, region, applicationId, instanceType, endpoint };
      const levels = [...policyChain(subject, stored), ...levelOfCredential(accountId, caveats)];
      // What is used of a scope is the same for all levels that have it: of some of them something is left.
      const usedIn = (scope: string) => 100 * ((drawn >> (scope.length % 16)) & 7);
      const spent = budgetsOf(levels)
        .filter(
          ({ setting, scope, max }) => settings[setting].counts.what === 'usage' && usedIn(scope) >= max,
        )
        .map(({ setting, scope, max }) => ({ setting, scope, max, resetsAtMs: request.atMs + 1_000 }));
      const asked: PolicyRequest = {
        ...request,
        verifier,
        region,
        spent,
        // A call says later what it carries, what it is coded with and how many are in it; a relay asks for one feature.
        mediaKinds: undefined,
        codecs: undefined,
        participantCount: undefined,
        features: request.features?.slice(0, 1),
        country: request.sourceIp === undefined ? undefined : request.country,
        isOfCall: session !== undefined,
      };
      const above = decide(levels, asked);

      // The node: what it was sent of the account and of the application, and what the credential itself says.
      const sent = JSON.stringify([
        { accountId, spent, ...accountLevels({ chain, region }, stored) },
        applicationId === undefined
          ? null
          : applicationLevels({ chain, applicationId, instanceTypes: ['free', 'paid'] }, stored),
      ]);
      const [account, application] = JSON.parse(sent) as [AccountSnapshot, ApplicationSnapshot | null];
      const effective: Effective = {
        keyId: 'key_1' as KeyId,
        prefixIds: [],
        notBeforeMs: 0,
        expiresAtMs: Number.MAX_SAFE_INTEGER,
        mintedUntilMs: Number.MAX_SAFE_INTEGER,
        accountIds: [],
        limits: [],
        endEvents: [],
        ...(applicationId === undefined ? {} : { applicationId }),
        ...(instanceType === undefined ? {} : { instanceType }),
        ...(identity === undefined ? {} : { identity }),
        ...caveats,
        ...(session === undefined ? {} : { session }),
      };
      const { service, sourceIp, atMs, deviceKind } = request;
      const feature = asked.features?.[0];
      const atNode = decideCredential(
        { account, application: application ?? undefined, effective, credentialId: 'crd_1' },
        {
          verifier,
          service,
          region,
          sourceIp,
          atMs,
          feature,
          optionalFeatures: [relayIpv6],
          country: asked.country,
          deviceKind,
        },
      );

      const word = (refused: { rule: string; level: string; code: string }) =>
        `${refused.code} by ${refused.rule} at ${refused.level}`;
      const isRefused = above.kind === 'refused';
      const wordOf = ({ code, setting, origin }: PolicyRefusal) =>
        word({ code, rule: setting, level: levelText(origin, [accountId]) });
      const expected = isRefused ? wordOf(above) : heldBy(effectivePolicy(levels));
      const found = 'code' in atNode ? word(atNode) : heldBy(atNode);
      if (found !== expected) throw new Error(`${found} at the node, ${expected} at the control plane.`);

      // What it is served without, by either.
      if (!('code' in atNode)) {
        const withIpv6 = decide(levels, { ...asked, features: [...(asked.features ?? []), relayIpv6] });
        const withheld = atNode.withheldFeatures?.[relayIpv6];
        const [left, right] = [
          withheld && word(withheld),
          withIpv6.kind === 'refused' ? wordOf(withIpv6) : undefined,
        ];
        if (left !== right) throw new Error(`IPv6: ${left} at the node, ${right} at the control plane.`);
        counts.withheld += withheld === undefined ? 0 : 1;
      }

      // The past, decided by the same levels: clients of a relay are logged by themselves, calls by signaling.
      const isLogged = (verifier === 'relay') === (service === 'network-discovery' && session === undefined);
      if (isLogged && (verifier === 'relay' || service === 'signaling')) {
        const of = { features: asked.features, country: asked.country, deviceKind };
        const past = {
          sessionId: 'ses_1',
          accountId,
          atMs,
          service,
          region,
          sourceIp,
          mediaKinds: [],
          ...of,
        };
        const usedUp = spent.map(({ resetsAtMs, ...budget }) => ({
          ...budget,
          fromMs: atMs,
          untilMs: resetsAtMs,
        }));
        const [again] = replay([past], { chainOf: () => levels, usedUp }).refused;
        const replayed = again === undefined ? undefined : wordOf(again.refusal);
        // Sessions are counted by whoever lets them begin, which of the two is the replay.
        const isClaimed = again !== undefined && countsSessions(again.refusal);
        const now = isRefused ? wordOf(above) : undefined;
        if (!isClaimed && replayed !== now) throw new Error(`${replayed} in the replay, ${now} now.`);
        counts.replayed += 1;
      }
      counts[!isRefused ? 'allowed' : isUsedUp(above) ? 'spent' : 'refused'] += 1;
    }),
    { numRuns: 10_000 },
  );
  // Each side of the promise was met often.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(40);
}, 180_000);
