import { hash as bcryptHash } from 'bcryptjs';
import { expect, test } from 'vitest';
import { hashPassword, isOutdated, isPassword } from './password.ts';

test('a hash is Argon2id with the cost that OWASP asks for, and another each time', async () => {
  const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(other);
  expect(await isPassword('correct horse', one)).toBe(true);
  expect(await isPassword('correct hors', one)).toBe(false);
  expect(isOutdated(one)).toBe(false);
});

test('hashes of earlier versions still hold, and are to be replaced', async () => {
  const bcrypt = await bcryptHash('correct horse', 4);
  expect(await isPassword('correct horse', bcrypt)).toBe(true);
  expect(await isPassword('wrong horse', bcrypt)).toBe(false);
  expect(isOutdated(bcrypt)).toBe(true);
  const cheaper = (await hashPassword('correct horse')).replace('m=19456', 'm=8192');
  expect(isOutdated(cheaper)).toBe(true);
});

test('what is no hash is nobody’s password', async () => {
  for (const stored of ['no hash', '', null, undefined])
    expect(await isPassword('correct horse', stored)).toBe(false);
});

test('many at once leave the main thread free, wait for their turn, and the one too many is refused', async () => {
  let turnCount = 0;
  const counting = setInterval(() => {
    turnCount += 1;
  }, 1);
  const hashes = await Promise.allSettled(Array.from({ length: 80 }, () => hashPassword('correct horse')));
  clearInterval(counting);
  const refused = hashes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(80 - 2 - 64);
  expect(refused[0]).toMatchObject({ reason: { fields: { code: 'platform.unavailable' } } });
  // Each of the 66 hashes takes tens of milliseconds: on the main thread they would leave a turn between two at most.
  expect(turnCount).toBeGreaterThan(200);
});
