import { expect, test } from 'vitest';
import { changeOf, type SetCallback } from './callbacks.ts';

const set = (webhookId: string, url: string, events: readonly string[]): SetCallback => ({
  webhookId,
  url,
  fallbackUrl: undefined,
  events,
  state: 'active',
});

test('a callback of the same URL is the same one: what is said of it changes, and its secret stays', () => {
  const before = [
    set('whk_1', 'https://a.test/', ['session.ended', 'session.started']),
    set('whk_2', 'https://b.test/', ['session.ended']),
    set('whk_3', 'https://c.test/', ['session.ended']),
  ];
  const wanted = [
    { url: 'https://a.test/', events: ['session.started', 'session.ended'] },
    { url: 'https://b.test/', events: ['session.ended'], fallbackUrl: 'https://d.test/' },
    { url: 'https://e.test/', events: ['limit.reached'] },
  ];
  expect(changeOf(before, wanted)).toEqual({
    kept: [before[0]],
    changed: [{ ...before[1], fallbackUrl: 'https://d.test/' }],
    added: [wanted[2]],
    removed: [before[2]],
  });
  expect(changeOf(before, [])).toMatchObject({ removed: before, added: [], changed: [], kept: [] });
});
