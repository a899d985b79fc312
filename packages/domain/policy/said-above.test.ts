import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EffectiveSetting, effectivePolicy } from './effective-policy.ts';
import { isWithin } from './merge.ts';
import { anyWord } from './policy.testing.ts';
import { type PolicySubject, policyChain, type StoredPolicy } from './policy-chain.ts';
import { serviceStanding } from './service-standing.ts';
import { settingNames, settingOf } from './settings.ts';

const chain = ['acc_0', 'acc_1', 'acc_2', 'acc_3'];
const own = 'acc_3';
const subject: PolicySubject = {
  chain,
  region: 'eu',
  applicationId: 'app_1',
  instanceType: 'free',
  endpoint: 'user:bob',
};
type Place = Omit<StoredPolicy, 'word' | 'timeZone'>;

/** A word of each account above, of one that is above no more, and the account's own, at every place of the subject. */
const places = [
  ...chain.flatMap((accountId) => [{ accountId }, { accountId, region: 'eu' }]),
  { accountId: own, applicationId: 'app_1' },
  { accountId: own, applicationId: 'app_1', instanceType: 'free' },
  { accountId: own, endpoint: 'user:bob' },
].flatMap((place): readonly Place[] => [
  ...[...chain.slice(0, chain.indexOf(place.accountId)), 'acc_left'].map(
    (setById): Place => ({ ...place, by: 'above', setById }),
  ),
  { ...place, by: 'self' },
]);

/** Nothing may be widened again: that a level lets those below do so is said in tests of its own. */
const anyStored = fc
  .shuffledSubarray(places, { maxLength: 12 })
  .chain((said) =>
    fc.tuple(
      ...said.map((place) =>
        anyWord.map(
          (word): StoredPolicy => ({ ...place, timeZone: 'UTC', word: { ...word, overridable: {} } }),
        ),
      ),
    ),
  );

const isHeard = ({ setById }: StoredPolicy) => setById !== 'acc_left';
const speakerOf = ({ accountId, setById }: StoredPolicy) => setById ?? accountId;
const holdsOf = (stored: readonly StoredPolicy[]) => effectivePolicy(policyChain(subject, stored));
const valueIn = (policy: ReturnType<typeof holdsOf>, name: (typeof settingNames)[number]) =>
  (policy[name] as EffectiveSetting | undefined)?.value;

describe('for all that accounts along a chain say, of all places and by whomever (POL-2, ACC-2)', () => {
  test('nothing that holds is wider than any of them allows', () => {
    fc.assert(
      fc.property(anyStored, (all) => {
        // Who is silenced by a lock has no way: without locks everybody has.
        const stored = all.map((one) => ({ ...one, word: { ...one.word, locked: [] } }));
        const policy = holdsOf(stored);
        for (const { word } of stored.filter(isHeard))
          for (const name of settingNames) {
            const { merge } = settingOf(name);
            const said = word.values[name];
            if (said === undefined || merge === 'everyTime') continue;
            expect(isWithin(valueIn(policy, name), said, merge), name).toBe(true);
          }
      }),
      { numRuns: 300 },
    );
  });

  test('what an account says and takes back lifts nothing that those above it said, locked or not', () => {
    fc.assert(
      fc.property(anyStored, (stored) => {
        const ofOthers = stored.filter((one) => speakerOf(one) !== own);
        const levels = policyChain(subject, ofOthers);
        const above = policyChain(subject, stored).filter(
          (level) => level.speakerDepth !== undefined && level.speakerDepth < chain.length - 1,
        );
        expect(above).toEqual(levels);
        const [without, withOwn] = [effectivePolicy(levels), holdsOf(stored)];
        for (const name of settingNames) {
          const { merge } = settingOf(name);
          const allowed = valueIn(without, name);
          if (allowed === undefined || merge === 'everyTime') continue;
          expect(isWithin(valueIn(withOwn, name), allowed, merge), name).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a service that one of them turned off is off, whoever turns it on below that (ACC-10)', () => {
    const anyTurned = fc
      .shuffledSubarray(
        chain.flatMap((accountId, depth) => [
          ...chain.slice(0, depth).map((setById) => ({ accountId, setById })),
          { accountId, setById: 'acc_left' },
          { accountId },
        ]),
      )
      .chain((said) => fc.tuple(...said.map((place) => fc.boolean().map((isOff) => ({ ...place, isOff })))));
    fc.assert(
      fc.property(anyTurned, (turned) => {
        const stored = turned.map(({ isOff, ...place }): StoredPolicy => {
          const [enabled, disabled] = isOff ? [[], ['signaling']] : [['signaling'], []];
          const word = { values: {}, locked: [], overridable: {}, enabling: { enabled, disabled } };
          return { ...place, by: 'access', timeZone: 'UTC', word };
        });
        const isOff = turned.some((one) => one.isOff && (!('setById' in one) || one.setById !== 'acc_left'));
        expect(serviceStanding(policyChain({ chain }, stored), 'signaling').isOn).toBe(!isOff);
      }),
    );
  });
});
