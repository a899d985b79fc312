import { expect, test } from 'vitest';
import {
  actionText,
  counterText,
  countText,
  outcomeText,
  partText,
  shareOf,
  windowText,
} from './trigger-words.ts';

test('a rule reads as a sentence: what is counted, how much in which time, and what is done', () => {
  const counter = { meter: 'network-discovery.bytes', where: { direction: 'in' } };
  expect(counterText(counter)).toBe('Bytes, direction in');
  expect(countText(counter, 2_500_000_000)).toBe('2.500 GB');
  expect(countText({ event: 'signaling.session.ended' }, '1200')).toBe('1,200');
  expect(windowText({ kind: 'threshold', limit: 1 })).toBe('in all');
  expect(windowText({ kind: 'recurring', limit: 1, per: 'day' })).toBe('a day');
  expect(windowText({ kind: 'rate', limit: 1, seconds: 300 })).toBe('in 5 min');
  expect(windowText({ kind: 'rate', limit: 1, seconds: 90 })).toBe('in 90 s');
  expect(actionText({ kind: 'throttle', bitsPerSecondMax: 64_000 })).toBe('hold to 64.00 kbit/s');
  expect(actionText({ kind: 'disableService', service: 'network-discovery' })).toBe(
    'turn network discovery off',
  );
  expect(actionText({ kind: 'disableFeature', feature: 'signaling.place-calls' })).toBe(
    'turn signaling: place calls off',
  );
});

test('what is counted of an account is said by name where there is one', () => {
  const names = new Map([['app_1', 'Helpdesk']]);
  const target = { accountId: 'acc_1', scope: 'own' } as const;
  expect(partText({ ...target, applicationId: 'app_1' }, names)).toBe(', Helpdesk');
  expect(partText({ ...target, applicationId: 'app_2' }, names)).toBe(', app_2');
  expect(partText({ ...target, applicationId: 'app_1' }, undefined)).toBe(', …');
  expect(partText({ ...target, endpointId: 'user:bob' }, names)).toBe(', user:bob');
  expect(partText(target, names)).toBe(' alone');
  expect(partText({ ...target, scope: 'descendants' }, names)).toBe('');
});

test('a counter past its limit fills its bar and no more', () => {
  const condition = { kind: 'threshold', limit: 200 } as const;
  expect(shareOf({ value: '50', condition })).toBe(0.25);
  expect(shareOf({ value: '900', condition })).toBe(1);
});

test('an outcome names its time as every other of the page is named', () => {
  const text = outcomeText('It is held to 64000 bit/s until 2026-11-30T23:00:00.000Z.');
  expect(text).toMatch(/^It is held to 64\.00 kbit\/s until .+\.$/);
  expect(text).not.toContain('T23:00');
});

test('an outcome names a webhook by its address, and by its id where nobody knows that', () => {
  const [id, other] = ['whk_038hfmccfhk27t2xp3wamrhewty6n', 'whk_038hfmccfhk27t2xp3wamrhewty6p'];
  const names = new Map([[id, 'https://api.example.com/fired']]);
  expect(outcomeText(`It was handed to ${id}, whose log says what came of it.`, names)).toBe(
    'It was handed to https://api.example.com/fired, whose log says what came of it.',
  );
  expect(outcomeText(`${other} was removed.`, names)).toBe(`${other} was removed.`);
});
