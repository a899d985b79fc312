import { expect, test } from 'vitest';
import { judgeTries, TRIES_FROM_NETWORK_MAX, TRIES_OF_PAIR_MAX, TRIES_OF_USER_MAX } from './sign-in-tries.ts';

const few = { ofPair: 1, fromNetwork: 1, ofUser: 1 };

test('tries are admitted up to each bound, and the bound of a network holds for whoever stands in it', () => {
  const full = { ofPair: TRIES_OF_PAIR_MAX, fromNetwork: TRIES_FROM_NETWORK_MAX, ofUser: TRIES_OF_USER_MAX };
  expect(judgeTries(full)).toBe('admitted');
  expect(judgeTries({ ...few, ofPair: TRIES_OF_PAIR_MAX + 1 })).toBe('refused');
  expect(judgeTries({ ...few, fromNetwork: TRIES_FROM_NETWORK_MAX + 1 })).toBe('refused');
});

test('too many of one user from many networks leave that user’s own networks open, and no network its own bound', () => {
  const ofUser = TRIES_OF_USER_MAX + 1;
  expect(judgeTries({ ...few, ofUser })).toBe('known_networks');
  expect(judgeTries({ ...few, ofUser, ofPair: TRIES_OF_PAIR_MAX + 1 })).toBe('refused');
});
