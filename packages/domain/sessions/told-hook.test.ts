import { expect, test } from 'vitest';
import { targetText, toldHook, toldHookAnswer } from './told-hook.ts';

test('of where an event went its host is said, or its operation, and nothing that stands behind it', () => {
  expect(targetText('https://key@api.example.com:8443/hooks/s3cret?token=1')).toBe('api.example.com:8443');
  expect(targetText('service:notification/publish?channel=calls')).toBe('service:notification/publish');
  expect(targetText('SERVICE:notification?channel=calls')).toBe('service:notification');
});

test('what was not asked yet has no time and no answer, and an event of no service comes to its first', () => {
  const answer = toldHookAnswer({
    sequence: 3,
    webhookId: 'whk_1',
    url: 'https://api.example.com/hooks',
    via: 'main',
    state: 'waiting',
    attemptCount: 0,
    at: undefined,
    status: undefined,
    error: undefined,
    latencyMs: undefined,
    hopCount: 0,
  });
  expect(answer).toEqual({
    webhookId: 'whk_1',
    target: 'api.example.com',
    via: 'main',
    outcome: 'waiting',
    attempts: 0,
    hop: 1,
  });
  expect(toldHook.keyof().options).toEqual(expect.arrayContaining(Object.keys(answer)));
});
