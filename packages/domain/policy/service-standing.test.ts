import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { account, level, platform } from './policy.testing.ts';
import type { PolicyLevel } from './policy-level.ts';
import { serviceStanding } from './service-standing.ts';

const asking = level(platform, { values: { servicesToEnable: ['signaling'] } });
const enabling = (accountId: string, enabled: readonly string[], disabled: readonly string[] = []) => ({
  ...level({ level: 'access', accountId }),
  enabling: { enabled: [...enabled], disabled: [...disabled] },
});
const standing = (...chain: readonly PolicyLevel[]) => serviceStanding(chain, 'signaling');

test('a service is on until a level asks for it to be enabled, and on again where an account at or below it does so', () => {
  expect(standing()).toEqual({ isOn: true, reason: 'default' });
  expect(standing(asking)).toEqual({ isOn: false, reason: 'not_enabled', origin: platform });
  const own = enabling('acc_1', ['signaling']);
  expect(standing(asking, own)).toEqual({ isOn: true, reason: 'enabled', origin: own.origin });
  // What was enabled above holds for those below, and what is asked for below that is asked for anew.
  expect(standing(asking, own, enabling('acc_2', [])).isOn).toBe(true);
  const plan = level(
    { level: 'plan', accountId: 'acc_2', planId: 'pln_1' },
    { values: { servicesToEnable: ['signaling'] } },
  );
  expect(standing(asking, own, plan)).toMatchObject({ isOn: false, origin: plan.origin });
  expect(standing(enabling('acc_0', ['signaling']), asking).isOn).toBe(false);
});

test('what an account turned off stays off below it, whatever is said there', () => {
  const off = enabling('acc_1', [], ['signaling']);
  const refused = { isOn: false, reason: 'disabled', origin: off.origin };
  expect(standing(off, enabling('acc_2', ['signaling']))).toEqual(refused);
  expect(decide([off], { verifier: 'api', atMs: 0, service: 'signaling' })).toMatchObject({
    code: 'service.not_enabled',
    origin: off.origin,
  });
  expect(decide([off], { verifier: 'api', atMs: 0, service: 'network-discovery' }).kind).toBe('allowed');
});

test('a level that locked what has to be enabled is the last that has a say in it', () => {
  const locking = level(platform, { values: {}, locked: ['servicesToEnable'] });
  const below = level(account('acc_1'), { values: { servicesToEnable: ['signaling'] } });
  expect(standing(locking, below).isOn).toBe(true);
  expect(standing(below).isOn).toBe(false);
});

test('an account locks its own word and those below it, and keeps none above it from asking', () => {
  const own = { ...level(account('acc_1'), { locked: ['servicesToEnable'] }), speakerDepth: 1 };
  const asked = level(account('acc_2', 'above'), { values: { servicesToEnable: ['signaling'] } });
  expect(standing(own, { ...asked, speakerDepth: 0 }).isOn).toBe(false);
  expect(standing(own, { ...asked, speakerDepth: 1 }).isOn).toBe(true);
});
