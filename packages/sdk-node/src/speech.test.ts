import { createId } from '@patchbay/kit/ids';
import type { Operations } from '@patchbay/sdk';
import { expect, test, vi } from 'vitest';
import { withSpeaking } from './speech.ts';

const id = createId('spk', 1);
const file = { mediaType: 'audio/wav' };

function speaking(...answers: readonly object[]) {
  const left = [...answers];
  const calls: unknown[][] = [];
  const answer =
    (name: string) =>
    async (...parameters: unknown[]) => {
      calls.push([name, ...parameters]);
      return name === 'audio' ? file : left.shift();
    };
  const generated = Object.fromEntries(
    ['synthesize', 'getSpeech', 'audio'].map((name) => [name, answer(name)]),
  );
  return { ...withSpeaking(generated as unknown as Operations['textToSpeech']), calls };
}

test('a text becomes its sound in one call, of the account that is named', async () => {
  const { speak, calls } = speaking({ id, state: 'completed' });
  expect(await speak('Hello.')).toBe(file);
  expect(calls).toEqual([
    ['synthesize', { text: 'Hello.' }, {}],
    ['audio', { speechId: id }, {}],
  ]);
  const accountId = createId('acc', 1);
  const other = speaking({ id, state: 'completed' });
  await other.speak({ ssml: '<speak>a</speak>', voice: 'kal', accountId }, { idempotencyKey: 'k' });
  expect(other.calls[0]).toEqual([
    ...['synthesize', accountId, { ssml: '<speak>a</speak>', voice: 'kal' }, { idempotencyKey: 'k' }],
  ]);
});

test('what takes longer than a request is looked at until it is over, or nobody waits any more', async () => {
  vi.useFakeTimers();
  try {
    const slow = speaking({ id, state: 'queued' }, { id, state: 'running' }, { id, state: 'completed' });
    const sound = slow.speak('Long.');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await sound).toBe(file);
    const failing = speaking(
      { id, state: 'running' },
      { id, state: 'failed', failure: { code: 'text-to-speech.unavailable', detail: 'No engine.' } },
    );
    const failed = expect(failing.speak('Never.')).rejects.toMatchObject({
      ...{ code: 'text-to-speech.unavailable', message: expect.stringContaining('No engine.') },
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await failed;
    const ending = new AbortController();
    const ended = expect(
      speaking({ id, state: 'queued' }).speak('a', { signal: ending.signal }),
    ).rejects.toBe('enough');
    await vi.advanceTimersByTimeAsync(10);
    ending.abort('enough');
    await ended;
  } finally {
    vi.useRealTimers();
  }
});
