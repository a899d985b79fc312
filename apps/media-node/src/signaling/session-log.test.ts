import { expect, test } from 'vitest';
import { nextEvent } from './session-log.ts';

test('each line names the application and instance type of whoever began the session, and no leg’s of another account (ACC-6, LIV-0)', () => {
  const principal = { accountId: 'acc_1', applicationId: 'app_1', instanceType: 'paid' };
  const session = { sessionId: 'ses_1', logSequence: 0, caller: { client: { principal } } };
  const leg = { legId: 'leg_2', client: { principal: { accountId: 'acc_2' } } };
  const data = { reason: 'signaling.hung_up' };
  expect(nextEvent(session, 5, { type: 'leg.left', leg, data })).toEqual({
    ...{ type: 'leg.left', sessionId: 'ses_1', sequence: 1, atMs: 5, data },
    ...principal,
    ...{ legId: 'leg_2', legAccountId: 'acc_2' },
  });
  const plain = { ...session, caller: { client: { principal: { accountId: 'acc_1' } } } };
  expect(nextEvent(plain, 6, { type: 'leg.left', leg, data })).not.toHaveProperty('instanceType');
});
