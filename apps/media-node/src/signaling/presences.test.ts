import type { SeenPresence } from '@patchbay/protocol/signaling/presence-messages';
import { beforeEach, expect, test } from 'vitest';
import { presenceRefreshMs } from './presences.ts';
import { type BenchClient, MachineBench } from './testing/machine-bench.ts';

let bench: MachineBench;
let alice: BenchClient;

beforeEach(() => {
  bench = new MachineBench();
  alice = bench.connect({ identity: 'alice' });
});

const seen = (identity: string, state: SeenPresence['state'] = 'available') =>
  ({ identity, state, isInCall: false }) as const;

/** Answers the oldest question that is open. */
function answer(...items: SeenPresence[]): void {
  const asked = bench.askedPresence.shift();
  if (asked === undefined) throw new Error('Nothing was asked.');
  bench.feed({ type: 'presenceAnswered', askId: asked.askId, answer: items });
}
const watch = (...identities: string[]) => alice.send({ type: 'watchPresence', identities });
const tell = (identity: string, accountId = 'acc_a') =>
  bench.tell({ type: 'presenceChanged', accountId, identity });
const told = () => alice.all('presence').map(({ identity, state }) => `${identity} ${state}`);

test('whoever begins to watch is told how they are at once, and then of what changes', () => {
  watch('bob', 'carol');
  expect(bench.askedPresence[0]?.question).toEqual({
    ...{ accountId: 'acc_a', identities: ['bob', 'carol'], viewer: 'alice' },
  });
  answer(seen('bob'), seen('carol', 'offline'));
  tell('bob');
  answer(seen('bob', 'dnd'));
  // What is as it was is not said again, and nobody asks for whom nobody watches.
  tell('bob');
  answer(seen('bob', 'dnd'));
  tell('dora');
  tell('bob', 'acc_other');
  expect(bench.askedPresence).toEqual([]);
  expect(told()).toEqual(['bob available', 'carol offline', 'bob dnd']);
});

test('an answer about somebody who is watched no longer is not told', () => {
  watch('bob');
  watch('carol');
  answer(seen('bob'));
  answer(seen('carol'));
  watch();
  tell('carol');
  expect(told()).toEqual(['carol available']);
  expect(bench.askedPresence).toEqual([]);
});

test('what nobody told of is seen with the next look, and where nobody could say it is asked again', () => {
  watch('bob');
  answer(seen('bob'));
  bench.pass(presenceRefreshMs);
  answer(seen('bob', 'busy'));
  expect(told()).toEqual(['bob available', 'bob busy']);
  tell('bob');
  const [asked] = bench.askedPresence.splice(0);
  bench.feed({ type: 'presenceAnswered', askId: asked?.askId ?? '', answer: undefined });
  bench.pass(250);
  answer(seen('bob', 'away'));
  expect(told().at(-1)).toBe('bob away');
});

test('what a client says is said of its own identity, whatever else it watches', () => {
  alice.send({ type: 'setPresence', state: 'dnd', note: 'On stage' });
  alice.send({ type: 'setPresence' });
  expect(bench.askedPresence.map(({ question }) => question.says)).toEqual([
    { identity: 'alice', state: 'dnd', note: 'On stage' },
    { identity: 'alice' },
  ]);
});

test('a client that takes no part in calls says and sees nothing', () => {
  const features = { allowed: [], detail: 'The credential is for channels, and not for calls.' };
  const reader = bench.connect({ identity: 'reader', limits: { features } });
  reader.send({ type: 'watchPresence', identities: ['alice'] });
  reader.send({ type: 'setPresence', state: 'away' });
  expect(reader.all('error').map(({ problem }) => problem.code)).toEqual([
    'policy.refused',
    'policy.refused',
  ]);
  expect(bench.askedPresence).toEqual([]);
});

test('who lost their connection says anew whom they watch, and nobody is asked for them meanwhile', () => {
  watch('bob');
  answer(seen('bob'));
  alice.lose();
  tell('bob');
  expect(bench.askedPresence).toEqual([]);
  alice.comeBack();
  watch('bob');
  answer(seen('bob', 'away'));
  expect(alice.last('presence').state).toBe('away');
});
