import { createId } from '@patchbay/kit/ids';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consequenceOf } from './after-attempt.ts';
import { DISABLED_AFTER_MS, endpointHealth, FAILING_ATTEMPT_COUNT } from './endpoint-health.ts';
import { bodyOf, toEnvelope } from './envelope.ts';
import { placed } from './placing.ts';
import type { PlatformEvent } from './platform-event.ts';
import { ATTEMPT_COUNT_MAX, nextAttemptAtMs } from './retry-schedule.ts';
import { isEventPattern, isSubscribed, type Subscription } from './subscription.ts';

const event = (change: Partial<PlatformEvent> = {}): PlatformEvent => ({
  id: createId('evt'),
  type: 'signaling.session.ended',
  accountId: 'acc_below',
  atMs: 1_800_000_000_000,
  data: {},
  ...change,
});

describe('who is told', () => {
  const subscription: Subscription = {
    webhookId: 'whk_1',
    accountId: 'acc_above',
    eventTypes: ['signaling.*', 'tenancy.key.created'],
    scope: 'descendants',
  };

  test('a pattern is a name, all of an owner, or all; it fits no longer name by chance', () => {
    const told = (type: string) => isSubscribed(subscription, event({ type }));
    expect(['signaling.session.ended', 'tenancy.key.created'].map(told)).toEqual([true, true]);
    expect(['signalingx.a', 'signaling', 'tenancy.key.revoked', 'tenancy.key.created.x'].map(told)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const known = ['signaling.session.ended'];
    expect(['*', 'signaling.*', 'signaling.session.*'].every((each) => isEventPattern(each, known))).toBe(
      true,
    );
    expect(['sig*', 'presence.*', 'signaling.session'].some((each) => isEventPattern(each, known))).toBe(
      false,
    );
  });

  test('of an application only what names it, of an account alone nothing from below', () => {
    expect(isSubscribed({ ...subscription, scope: 'own' }, event())).toBe(false);
    expect(isSubscribed({ ...subscription, scope: 'own' }, event({ accountId: 'acc_above' }))).toBe(true);
    const ofApplication = { ...subscription, applicationId: 'app_1' };
    expect(isSubscribed(ofApplication, event())).toBe(false);
    expect(isSubscribed(ofApplication, event({ applicationId: 'app_1' }))).toBe(true);
  });

  test('of an instance type only what names it, of the same application', () => {
    const ofType = { ...subscription, applicationId: 'app_1', instanceType: 'paid' };
    const told = (change: Partial<PlatformEvent>) => isSubscribed(ofType, event(change));
    expect(told({ applicationId: 'app_1', instanceType: 'paid' })).toBe(true);
    expect(told({ applicationId: 'app_1', instanceType: 'free' })).toBe(false);
    expect(told({ applicationId: 'app_1' })).toBe(false);
    expect(told({ applicationId: 'app_2', instanceType: 'paid' })).toBe(false);
  });

  test('a webhook hears of the making of others, and not of its own: its receiver has no secret then', () => {
    const made = event({ type: 'hooks.webhook.created', data: { webhookId: 'whk_1' } });
    const all = { ...subscription, eventTypes: ['*'] };
    expect(isSubscribed(all, made)).toBe(false);
    expect(isSubscribed({ ...all, webhookId: 'whk_2' }, made)).toBe(true);
  });

  test('of an endpoint only what it has a part in', () => {
    const ofEndpoint = { ...subscription, endpoint: 'user:bob' };
    expect(isSubscribed(ofEndpoint, event())).toBe(false);
    expect(isSubscribed(ofEndpoint, event({ endpoints: ['user:eve'] }))).toBe(false);
    expect(isSubscribed(ofEndpoint, event({ endpoints: ['user:eve', 'user:bob'] }))).toBe(true);
  });

  test('a firing is told to the webhook that its action calls, once, whatever that hears of, and to nobody’s of another account (TRG-2)', () => {
    const fired = event({
      type: 'triggers.trigger.fired',
      accountId: 'acc_above',
      data: { webhookId: 'whk_1' },
    });
    expect(isSubscribed({ ...subscription, eventTypes: [] }, fired)).toBe(true);
    expect(isSubscribed({ ...subscription, eventTypes: [], webhookId: 'whk_2' }, fired)).toBe(false);
    expect(isSubscribed({ ...subscription, eventTypes: [], accountId: 'acc_top' }, fired)).toBe(false);
    const both = [{ ...subscription, eventTypes: ['*'] }];
    expect(placed([fired], () => both)).toMatchObject([{ webhookIds: ['whk_1'] }]);
  });

  test('a try is for the webhook that it names, whatever else that or another one hears of', () => {
    const tested = event({ type: 'hooks.webhook.tested', data: { webhookId: 'whk_1' } });
    expect(isSubscribed(subscription, tested)).toBe(true);
    expect(isSubscribed({ ...subscription, webhookId: 'whk_2', eventTypes: ['*'] }, tested)).toBe(false);
  });
});

test('events stay in the order of their arrival, and those of a session in that of its log', () => {
  const arrival = fc.record({ session: fc.constantFrom(undefined, 'ses_1', 'ses_2'), sequence: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
      const arrived = arrivals.map(({ session, sequence }) =>
        event(session === undefined ? {} : { sessionId: session, sessionSequence: sequence }),
      );
      const order = placed(arrived, () => []).map(({ eventId }) => arrived.find(({ id }) => id === eventId));
      expect(new Set(order).size).toBe(arrived.length);
      // What belongs to no session, and each session's places, do not move.
      for (const [index, own] of arrived.entries()) expect(order[index]?.sessionId).toBe(own.sessionId);
      for (const session of ['ses_1', 'ses_2']) {
        const sequences = order.flatMap((each) =>
          each?.sessionId === session ? [each.sessionSequence ?? 0] : [],
        );
        expect(sequences).toEqual(sequences.toSorted((left, right) => left - right));
      }
    }),
  );
});

describe('when it is tried again (HKS-2)', () => {
  const delays = (random: number) =>
    Array.from(
      { length: ATTEMPT_COUNT_MAX - 1 },
      (_, index) => (nextAttemptAtMs({ attempt: index + 1, failedAtMs: 0 }, random) ?? Number.NaN) / 1_000,
    );

  test('eight attempts in 24 hours, each wait longer than the one before, within a tenth of its figure', () => {
    const sum = delays(0.5).reduce((total, each) => total + each, 0);
    expect(sum).toBe(86_400);
    expect(delays(0.5)).toEqual(delays(0.5).toSorted((left, right) => left - right));
    for (const [index, each] of delays(0.5).entries()) {
      expect((delays(0)[index] ?? 0) / each).toBeCloseTo(0.9, 3);
      expect((delays(1)[index] ?? 0) / each).toBeCloseTo(1.1, 3);
    }
    expect(nextAttemptAtMs({ attempt: ATTEMPT_COUNT_MAX, failedAtMs: 0 }, 0.5)).toBeUndefined();
  });

  test('a receiver that asks for more time gets it, up to eight hours', () => {
    const at = (retryAfterMs: number) => nextAttemptAtMs({ attempt: 1, failedAtMs: 0, retryAfterMs }, 0.5);
    expect([at(0), at(60_000), at(10 ** 12)]).toEqual([5_000, 60_000, 8 * 3_600_000]);
  });
});

describe('C38: how an endpoint does', () => {
  const health = (failedCount: number, ageMs: number) =>
    endpointHealth({ failedCount, failingSinceMs: 0 }, ageMs);

  test('it fails after a few attempts in a row, and is lost after five days of many', () => {
    expect(health(FAILING_ATTEMPT_COUNT - 1, DISABLED_AFTER_MS)).toBe('ok');
    expect(health(FAILING_ATTEMPT_COUNT, 0)).toBe('failing');
    // Two events in five days say nothing yet.
    expect(health(9, DISABLED_AFTER_MS)).toBe('failing');
    expect(health(16, DISABLED_AFTER_MS - 1)).toBe('failing');
    expect(health(16, DISABLED_AFTER_MS)).toBe('lost');
  });

  test('its account is told once that it fails, and that it is disabled; one that says 410 is disabled at once', () => {
    const follows = (failedCount: number, status?: number, atMs = 0) =>
      consequenceOf({ failedCount, failingSinceMs: 0 }, { status, atMs });
    expect([1, 2, 3, 4, 5].map((count) => follows(count))).toEqual([
      'none',
      'none',
      'tell_failing',
      'none',
      'none',
    ]);
    expect(follows(16, 500, DISABLED_AFTER_MS)).toBe('disable_failing');
    expect(follows(1, 410)).toBe('disable_gone');
  });
});

test('an event is the same bytes at each attempt, and says nothing that it does not know', () => {
  const placedEvent = { ...event({ data: { code: 'call.hangup' } }), position: 7n };
  const cursors = { seal: (position: bigint) => `sealed ${position}` };
  expect(bodyOf(placedEvent, cursors)).toBe(bodyOf({ ...placedEvent }, cursors));
  expect(toEnvelope(placedEvent, cursors)).toEqual({
    id: placedEvent.id,
    type: 'signaling.session.ended',
    timestamp: '2027-01-15T08:00:00.000Z',
    cursor: 'sealed 7',
    accountId: 'acc_below',
    data: { code: 'call.hangup' },
  });
  const ofType = { ...placedEvent, applicationId: 'app_1', instanceType: 'paid' };
  expect(toEnvelope(ofType, cursors)).toMatchObject({ applicationId: 'app_1', instanceType: 'paid' });
});
