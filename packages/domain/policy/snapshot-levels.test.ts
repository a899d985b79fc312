import fc from 'fast-check';
import { expect, test } from 'vitest';
import { internalApi } from '../fleet/internal-api.ts';
import { decide } from './decide.ts';
import { anyRequest, anyWord } from './policy.testing.ts';
import { policyChain, type StoredPolicy } from './policy-chain.ts';
import { holdOf, type PolicyOrigin, policyLevelSchema } from './policy-level.ts';
import { accountLevels, applicationLevels, joinedLevels } from './snapshot-levels.ts';

const chain = ['acc_0', 'acc_1', 'acc_2'];
const heldBy = { kind: 'trigger', triggerId: 'trg_1', accountId: 'acc_1', isShown: false } as const;
const places: readonly Omit<StoredPolicy, 'word' | 'timeZone'>[] = [
  { accountId: 'acc_0', by: 'self' },
  { accountId: 'acc_0', by: 'self', region: 'eu' },
  { accountId: 'acc_1', by: 'plan', planId: 'pln_1', setById: 'acc_0' },
  { accountId: 'acc_1', by: 'above', setById: 'acc_0' },
  { accountId: 'acc_1', by: 'access' },
  { accountId: 'acc_2', by: 'access' },
  { accountId: 'acc_1', by: 'self', region: 'us' },
  { accountId: 'acc_2', by: 'plan', planId: 'pln_2', setById: 'acc_1' },
  { accountId: 'acc_2', by: 'plan', planId: 'pln_3', setById: 'acc_0' },
  { accountId: 'acc_2', by: 'above', setById: 'acc_1' },
  { accountId: 'acc_2', by: 'above', setById: 'acc_0' },
  // Of one that is not above, which is none of the chain.
  { accountId: 'acc_2', by: 'above', setById: 'acc_9' },
  { accountId: 'acc_2', by: 'plan', planId: 'pln_9', setById: 'acc_9' },
  { accountId: 'acc_2', by: 'self' },
  { accountId: 'acc_2', by: 'self', applicationId: 'app_1' },
  { accountId: 'acc_2', by: 'above', heldBy, applicationId: 'app_1' },
  { accountId: 'acc_2', by: 'self', applicationId: 'app_1', instanceType: 'free' },
  { accountId: 'acc_2', by: 'self', applicationId: 'app_2' },
  { accountId: 'acc_2', by: 'above', heldBy, endpoint: 'user:bob' },
  { accountId: 'acc_2', by: 'self', endpoint: 'user:bob' },
  { accountId: 'acc_2', by: 'self', endpoint: 'user:eve' },
  { accountId: 'acc_2', by: 'above', heldBy, credentialId: 'crd_1' },
  { accountId: 'acc_2', by: 'above', heldBy, credentialId: 'crd_2' },
];
const anyStored: fc.Arbitrary<StoredPolicy[]> = fc
  .subarray([...places])
  .chain((chosen) =>
    fc.tuple(...chosen.map((place) => anyWord.map((word) => ({ ...place, timeZone: 'UTC', word })))),
  );

const anySubject = fc.record({
  region: fc.constantFrom('eu', 'us', 'ap'),
  applicationId: fc.constantFrom(undefined, 'app_1', 'app_2'),
  instanceType: fc.constantFrom(undefined, 'free', 'constructor'),
  endpoint: fc.constantFrom(undefined, 'user:bob', 'user:ann'),
  prefixIds: fc.constantFrom(undefined, ['crd_1'], ['crd_1', 'crd_3'], ['crd_3']),
});

test('a node decides by what it was told as the control plane does by what is stored, whatever is set where', () => {
  fc.assert(
    fc.property(anyStored, anySubject, anyRequest, (stored, subject, request) => {
      // As it travels: the application and its types apart, both as JSON.
      const sent = JSON.stringify([
        accountLevels({ chain, region: subject.region }, stored),
        applicationLevels({ chain, applicationId: subject.applicationId, instanceTypes: ['free'] }, stored),
      ]);
      const [account, application] = JSON.parse(sent);
      const { accountSnapshot, applicationSnapshot } = internalApi;
      const head = { accountId: 'acc_2', chain: [{ id: 'acc_2', state: 'active' }] };
      const heard = accountSnapshot.response.parse({ ...head, caps: {}, spent: [], ...account });
      const heardOfApplication = applicationSnapshot.response.parse({
        ...head,
        applicationId: 'app',
        caps: {},
        capsByInstanceType: {},
        ...application,
      });
      const isOfApplication = subject.applicationId !== undefined;
      const asked = { ...request, region: subject.region };
      const atNode = decide(
        joinedLevels(heard, isOfApplication ? heardOfApplication : undefined, subject),
        asked,
      );
      const atControlPlane = decide(policyChain({ chain, ...subject }, stored), asked);
      if (JSON.stringify(atNode) !== JSON.stringify(atControlPlane))
        throw new Error(`${JSON.stringify(atNode)} at the node, ${JSON.stringify(atControlPlane)} above.`);
    }),
    { numRuns: 1_000 },
  );
});

const setterOf = (origin: PolicyOrigin) =>
  'setById' in origin && origin.setById !== undefined ? ` of ${origin.setById}` : '';

test('the levels stand from the top down, and of those above the farthest first, whatever the order of what is stored', () => {
  const stored = places.map((place) => ({
    ...place,
    timeZone: 'UTC',
    word: { values: { sessionSecondsMax: 1 }, locked: [], overridable: {} },
  }));
  const subject = {
    ...{ region: 'us', applicationId: 'app_1', instanceType: 'free' },
    ...{ endpoint: 'user:bob', prefixIds: ['crd_2', 'crd_3'] },
  };
  const levelsOf = (rows: readonly StoredPolicy[]) =>
    policyChain({ chain, ...subject }, rows).map(
      ({ origin }) =>
        `${origin.accountId} ${origin.level}${holdOf(origin) === undefined ? '' : ' held'}${setterOf(origin)}`,
    );
  const expected = [
    'acc_0 platform',
    'acc_1 plan of acc_0',
    'acc_1 account of acc_0',
    'acc_1 access',
    'acc_1 region',
    'acc_2 plan of acc_0',
    'acc_2 account of acc_0',
    'acc_2 plan of acc_1',
    'acc_2 account of acc_1',
    'acc_2 account',
    'acc_2 access',
    'acc_2 application held',
    'acc_2 application',
    'acc_2 instanceType',
    'acc_2 endpoint held',
    'acc_2 endpoint',
    'acc_2 credential held',
  ];
  expect(levelsOf(stored)).toEqual(expected);
  expect(levelsOf([...stored].reverse())).toEqual(expected);
});

test('a node reads levels of a control plane of before that does not say whose they are, and of one that does', () => {
  const origin = { level: 'account', accountId: 'acc_2', by: 'above' } as const;
  const plan = { level: 'plan', accountId: 'acc_2', planId: 'pln_1' } as const;
  const levelOf = (of: PolicyOrigin) => ({
    origin: of,
    timeZone: 'UTC',
    values: {},
    locked: [],
    overridable: {},
  });
  for (const told of [origin, plan]) {
    expect(policyLevelSchema.parse(levelOf(told)).origin).toEqual(told);
    const setById = 'acc_1';
    const whole = { ...levelOf({ ...told, setById }), speakerDepth: 1 };
    expect(policyLevelSchema.parse(whole)).toEqual(whole);
  }
});
