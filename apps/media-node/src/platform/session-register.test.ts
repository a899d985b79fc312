import { createId } from '@patchbay/kit/ids';
import { LIFETIME_SECONDS_MAX } from '@patchbay/protocol/credential/lifetime';
import { expect, test } from 'vitest';
import { SessionRegister, type Standing } from './session-register.ts';

const [sessionId, accountA, accountB] = [createId('ses'), createId('acc'), createId('acc')];

function register(answer: () => Standing) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const sessions = new SessionRegister({
    nowMs: () => clock.nowMs,
    pause: async (ms) => {
      clock.nowMs += ms;
    },
    client: {
      call: async (_name, request) => {
        asked.push(JSON.stringify(request));
        const standing = answer();
        if (standing === 'away') throw new Error('Nobody answers.');
        return { standing } as never;
      },
    },
  });
  return { sessions, asked, clock };
}

test('a session is open to the accounts of its legs alone, and to nobody once it has ended', async () => {
  const { sessions } = register(() => 'foreign');
  sessions.opened({ sessionId, accountIds: [accountA] });
  expect(await sessions.standing(sessionId, accountA)).toBe('live');
  expect(await sessions.standing(sessionId, accountB)).toBe('foreign');
  sessions.opened({ sessionId, accountIds: [accountB] });
  expect(await sessions.standing(sessionId, accountB)).toBe('live');
  sessions.ended(sessionId);
  sessions.opened({ sessionId, accountIds: [accountA] });
  for (const accountId of [accountA, accountB])
    expect(await sessions.standing(sessionId, accountId)).toBe('ended');
});

test('what signaling said holds while the control plane is away; of what nobody said, nobody knows', async () => {
  const { sessions } = register(() => 'away');
  sessions.opened({ sessionId, accountIds: [accountA] });
  expect(await sessions.standing(sessionId, accountA)).toBe('live');
  expect(await sessions.standing(createId('ses'), accountA)).toBe('away');
});

test('the control plane says what signaling did not: a relay that has just started ends no call', async () => {
  for (const standing of ['live', 'ended', 'foreign'] as const) {
    const { sessions } = register(() => standing);
    expect(await sessions.standing(sessionId, accountA)).toBe(standing);
  }
});

test('a word of signaling that comes a moment later than the client is waited for', async () => {
  let count = 0;
  const { sessions, asked, clock } = register(() => {
    if (++count === 2) sessions.opened({ sessionId, accountIds: [accountA] });
    return 'foreign';
  });
  expect(await sessions.standing(sessionId, accountA)).toBe('live');
  expect(asked).toHaveLength(2);
  expect(clock.nowMs).toBeLessThan(1_000);
});

test('an end is remembered for as long as a credential can name the session, and no longer', async () => {
  const { sessions, clock } = register(() => 'foreign');
  sessions.ended(sessionId);
  clock.nowMs = LIFETIME_SECONDS_MAX * 1_000 - 1;
  sessions.ended(createId('ses'));
  expect(await sessions.standing(sessionId, accountA)).toBe('ended');
  clock.nowMs += 1;
  sessions.ended(createId('ses'));
  expect(await sessions.standing(sessionId, accountA)).toBe('foreign');
});

test('questions that strangers cause are bounded', async () => {
  let answer = (_standing: { standing: Standing }) => {};
  const held = new Promise<{ standing: Standing }>((resolve) => {
    answer = resolve;
  });
  const sessions = new SessionRegister({ client: { call: () => held as never } });
  const waiting = Array.from({ length: 256 }, () => sessions.standing(createId('ses'), accountA));
  expect(await sessions.standing(createId('ses'), accountA)).toBe('away');
  answer({ standing: 'ended' });
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ended']));
});
